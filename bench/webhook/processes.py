"""CPU time of processes that are not ours to ask."""

import os
import sys
from pathlib import Path


def cpu_s(pid: int) -> float:
    """User and system time of a running process so far; only Linux tells."""
    if sys.platform != "linux":
        return float("nan")
    # The name, in brackets, may have spaces. After it, utime and stime are the 12th and 13th field (man 5 proc).
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
