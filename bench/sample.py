"""What is measured of one contestant's run."""

import gc
import resource
import sys
import time
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
    """User and system time of all threads."""
    idle_mib: float = 0
    """Peak memory when everything was imported and nothing done yet."""
    peak_mib: float = 0
    """Peak memory at the end."""
    records: int = 0
    steps: dict[str, float] = {}
    """CPU seconds by step, where the contestant wore stopwatches."""


def measured(contestant: Contestant) -> Sample:
    """Let it work once."""
    gc.collect()
    idle = _peak_mib()
    wall, cpu = time.perf_counter(), time.process_time()
    contestant.work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Sample(wall_s=wall, cpu_s=cpu, idle_mib=idle, peak_mib=_peak_mib(), records=contestant.records())


def _peak_mib() -> float:
    """Peak resident memory of this process."""
    if sys.platform == "linux":
        # ru_maxrss would count what the parent had resident when it started us, too.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
