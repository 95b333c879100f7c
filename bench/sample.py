"""What is measured of one contestant's run."""

import gc
import os
import resource
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Protocol

import msgspec


class Contestant(Protocol):
    """One way to bring the alerts from Graph to blobs. Whatever comes before ``work`` is not measured."""

    def work(self) -> None:
        """Do it."""
        ...

    def records(self) -> int:
        """How many alerts it brought, to see that all contestants did the same."""
        ...


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one contestant."""

    wall_s: float
    cpu_s: float
    """User and system time of all threads, and of processes that work for it."""
    idle_mib: float = 0
    """Peak memory when everything was imported and nothing done yet; both with processes that work for it."""
    peak_mib: float = 0
    """Peak memory at the end."""
    records: int = 0
    steps: dict[str, float] = {}
    """CPU seconds by step, where the contestant wore stopwatches."""


def measured(contestant: Contestant) -> Sample:
    """Let it work once."""
    gc.collect()
    idle = _peak_mib()
    wall, cpu = time.perf_counter(), _cpu_s()
    contestant.work()
    wall, cpu = time.perf_counter() - wall, _cpu_s() - cpu
    return Sample(wall_s=wall, cpu_s=cpu, idle_mib=idle, peak_mib=_peak_mib(), records=contestant.records())


def _cpu_s() -> float:
    """Of this process and those that work for it, which are counted in hundredths of a second."""
    ticks = 0
    for child in active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _peak_mib() -> float:
    """Peak resident memory of this process and those that work for it; what they share is counted in each."""
    if sys.platform == "linux":
        # ru_maxrss would count what the parent had resident when it started us, too.
        pids = ["self", *(child.pid for child in active_children())]
        texts = [Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in pids]
        return sum(int(text.partition("VmHWM:")[2].split()[0]) for text in texts) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
