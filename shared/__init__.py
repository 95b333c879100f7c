"""The library behind the functions; it knows nothing of triggers.

Imports go one way: ``functions`` -> ``wiring`` -> ``export``, ``status`` -> ``graph``, ``storage`` -> ``errors``.
Nothing here imports ``functions``, and nothing that is deployed imports ``local``.
"""
