"""Graph's subscriptions, kept in the wanted state."""
