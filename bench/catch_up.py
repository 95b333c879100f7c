"""What reading several days at once brings where Graph takes its time."""

from functools import partial
from pathlib import Path

from bench.floor import save
from bench.recording import record
from bench.report import Section, ratio_of
from bench.rounds import take_turns
from bench.stage import stage
from local.azurite import Azurite

_ALERTS = 3000
"""Few, since the simulator keeps no pages ready while it plays a slow Graph."""
_LATENCY_MS = 300
_ROUNDS = 2
"""Waiting is the same every time."""


def catch_up(azurite: Azurite, folder: Path) -> Section:
    """Goal: four days at once are three times as fast as one."""
    recording = folder / "catch-up"
    with stage(azurite, _ALERTS) as graph:
        save(record(graph), recording)
        graph.control("PUT", "faults/alerts_v2", {"latency_ms": _LATENCY_MS})
        four = {"EXPORT_CONCURRENCY": "4", "BENCH_RECORDING": str(recording)}
        one = {"EXPORT_CONCURRENCY": "1"}
        series = take_turns(
            {
                "app, 1 day at once": partial(graph.run, "app", one),
                "app, 4 days at once": partial(graph.run, "app", four),
                "floor, 4 days at once": partial(graph.run, "floor", four),
            },
            _ROUNDS,
            warm_up=False,
        )
    slow, fast, floor = series.values()
    pace = f"{_LATENCY_MS} ms a page"
    ratios = (
        ratio_of(fast.wall_s(), floor.wall_s(), f"wall time: app / floor, {pace}", at_most=1.3),
        ratio_of(slow.wall_s(), fast.wall_s(), f"wall time: 1 day / 4 days at once, {pace}", at_least=3),
    )
    rows = [[name, *(f"{seconds:.2f}" for seconds in taken.wall_s())] for name, taken in series.items()]
    text = f"{_ALERTS:,} alerts of 30 days, {pace}; {_ROUNDS} rounds."
    return Section("Catch-up with a slow Graph", text, ("", "wall s, median", "min"), rows, ratios)
