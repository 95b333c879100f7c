"""What a cold start pays for importing the app, beside the programming model that every app pays for."""

import resource
import subprocess
import sys
import time
from functools import partial

from bench.report import Section, ratio_of
from bench.rounds import take_turns
from bench.sample import Sample
from local.child import ROOT

_ROUNDS = 15


def imports() -> Section:
    """Processes that import one module and end; what an empty one takes is subtracted."""
    series = take_turns({name: partial(_run, name) for name in ("sys", "azure.functions", "function_app")}, _ROUNDS)
    empty, bare, app = (taken.wall_s() for taken in series.values())
    rows = [
        [name, *(f"{seconds * 1000:.0f}" for seconds in (*taken.wall_s(), *taken.cpu_s()))]
        for name, taken in series.items()
    ]
    what = "import time: function_app / azure.functions"
    return Section(
        "Import time",
        f"Processes that import one module and end; {_ROUNDS} rounds. The ratio is of what they take beyond `sys`.",
        ("imports", "wall ms, median", "min", "CPU ms, median", "min"),
        rows,
        (ratio_of(_beyond(app, empty), _beyond(bare, empty), what),),
    )


def _run(module: str) -> Sample:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall_s=wall, cpu_s=cpu)


def _beyond(pair: tuple[float, float], base: tuple[float, float]) -> tuple[float, float]:
    return pair[0] - base[0], pair[1] - base[1]
