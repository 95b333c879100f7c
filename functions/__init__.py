"""Triggers: each decodes what came, calls the library, and encodes the answer.

What is heavy is imported inside the functions: a cold start must answer Graph's webhook within seconds.
"""
