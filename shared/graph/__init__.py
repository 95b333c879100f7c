"""Microsoft Graph: what is read from it, and how."""
