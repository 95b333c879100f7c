"""A local Functions host: runs the app through Microsoft's own ``azure-functions-runtime`` library.

For machines without Core Tools, and for tests that need the host's semantics (retry, poison queues, keys, routes)
in a process of their own. ``python -m local.host --help`` tells the options; where it differs from the real host,
the module concerned says so. It knows nothing of the app that it runs.
"""
