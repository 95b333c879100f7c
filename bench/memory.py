"""Whether memory stays bounded however much there is to export."""

from bench.report import Section
from bench.stage import stage
from local.azurite import Azurite

_SIZES = (10_000, 100_000)
_FULL = (*_SIZES, 1_000_000)


def memory(azurite: Azurite, *, full: bool) -> Section:
    """Peak memory by number of alerts, each in a process of its own."""
    rows = []
    for alerts in _FULL if full else _SIZES:
        with stage(azurite, alerts) as graph:
            sample = graph.run("app")
        grown = sample.peak_mib - sample.idle_mib
        rows.append([f"{alerts:,}", f"{sample.idle_mib:.0f}", f"{sample.peak_mib:.0f}", f"{grown:.0f}"])
    text = "30 days, 4 at once. Idle: everything imported and connected, nothing done yet."
    return Section("Peak memory", text, ("alerts", "idle MiB", "peak MiB", "grown by"), rows)
