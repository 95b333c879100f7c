"""A simulator of Microsoft Graph's security data, for tests, benchmarks and demos.

It imports nothing from ``shared``: the proof does not share code with the thing proved.

``wire`` and ``graph`` are the way in. A read goes ``graph`` -> ``reads`` -> ``query`` (is it allowed?) -> ``listing``
(which records?) -> ``entity_set`` (what do they read?) -> ``timeline`` (in which order?) -> ``history``. A write goes
``graph`` -> ``writes`` -> ``changes`` (what does it set?), by the table of ``write_rules``, -> ``entity_set``.
``faults`` break answers on purpose. ``subscriptions`` is a house of its own: who is told of changes, and when; the
``courier`` delivers it. ``entra`` gives tokens for tenants that consent. ``server`` speaks HTTP.
"""
