"""Benchmarks: ratios measured in one run, never asserted by the tests.

``python -m bench`` stages them: real HTTP to the simulated Graph, real HTTP to Azurite, and each contestant in a
process of its own (``bench.worker``). Contestants take turns, round after round, so that a busy machine is busy for
all of them; what counts is the ratio.
"""
