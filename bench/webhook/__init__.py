"""How fast the webhook answers: under load, against an empty function, and alone."""
