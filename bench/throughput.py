"""How fast and how cheap the export is: against the floor, against the peers' way, and where its time goes."""

from functools import partial
from pathlib import Path

from bench.floor import save
from bench.recording import record
from bench.report import Section, ratio_of
from bench.rounds import Series, take_turns
from bench.sample import Sample
from bench.stage import stage
from local.azurite import Azurite

_ALERTS = 75_000
_PAGES = 1000
"""Kept ready by the simulator: more than all contestants ask for."""
_CONTESTANTS = ("app", "floor", "peer", "peer, gzip level 6")


def throughput(azurite: Azurite, folder: Path, rounds: int) -> list[Section]:
    """Goals: wall time at most 1.3 times the floor's; a third of the peers' CPU time."""
    recording = folder / "throughput"
    with stage(azurite, _ALERTS, _PAGES) as graph:
        save(record(graph), recording)
        settings = {"BENCH_RECORDING": str(recording)}
        series = take_turns({name: partial(graph.run, name, settings) for name in _CONTESTANTS}, rounds)
        anatomy = graph.run("app with stopwatches")
    app, floor, peer, hurried = series.values()
    ratios = (
        ratio_of(app.wall_s(), floor.wall_s(), "wall time: app / floor, Graph without latency", at_most=1.3),
        ratio_of(peer.cpu_s(), app.cpu_s(), "CPU time: peer / app", at_least=3),
        ratio_of(hurried.cpu_s(), app.cpu_s(), "CPU time: peer with gzip level 6 / app"),
    )
    head = ("", "wall s, median", "min", "CPU s, median", "min", "alerts/s", "peak MiB")
    rows = [_row(name, taken) for name, taken in series.items()]
    text = f"{_ALERTS:,} alerts of 30 days, 4 days at once; {rounds} rounds."
    return [Section("Graph without latency", text, head, rows, ratios), _anatomy(anatomy)]


def _row(name: str, series: Series) -> list[str]:
    (wall, wall_min), (cpu, cpu_min) = series.wall_s(), series.cpu_s()
    figures = (f"{wall:.2f}", f"{wall_min:.2f}", f"{cpu:.2f}", f"{cpu_min:.2f}")
    return [name, *figures, f"{series.records / wall:,.0f}", f"{series.peak_mib():.0f}"]


def _anatomy(sample: Sample) -> Section:
    steps = {**sample.steps, "everything else": sample.cpu_s - sum(sample.steps.values())}
    rows = [
        [step, f"{seconds * 1e6 / sample.records:.2f}", f"{seconds / sample.cpu_s:.0%}"]
        for step, seconds in steps.items()
    ]
    text = "One run of the app with stopwatches ([anatomy.py](../anatomy.py))."
    return Section("Where the app's CPU time goes", text, ("step", "µs an alert", "share"), rows)
