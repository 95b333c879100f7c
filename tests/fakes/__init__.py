"""Stand-ins for the edges of the app; the contract tests hold them to the real ones."""
