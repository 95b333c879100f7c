"""``python -m bench.reconcile``: how long a comparison with Graph takes, and that its memory is that of a day."""

import argparse
from datetime import UTC, datetime

from bench.report import Section, markdown
from bench.sample import Sample
from bench.stage import Stage, stage
from local.azurite import Azurite, azurite

ALERTS = 50_000
_FAILING = {"vendor": "Microsoft", "provider": "Microsoft Sentinel", "status": 504}


def reconcile(storage: Azurite, alerts: int) -> Section:
    """All days exported, and compared a day later: nothing missing, and a provider that failed all the time."""
    with stage(storage, alerts) as graph:
        rows = [_row("nothing", _compared(graph), alerts)]
        graph.control("PUT", "faults/alerts_v2", {"partial": [_FAILING]})
        rows.append(_row("all alerts of a provider", _compared(graph), alerts))
    head = ("alerts", "missing", "found", "wall s", "CPU s", "alerts/s", "idle MiB", "peak MiB", "grown by")
    text = (
        "30 days, compared one after the other without a request limit; the simulator keeps no pages ready. Memory "
        "must grow with the alerts of a day, not with all of them."
    )
    return Section("Reconcile", text, head, rows)


def _compared(graph: Stage) -> tuple[Sample, int]:
    """Export, let everybody answer, compare; and how many alerts the export lacked."""
    with graph.containers() as run:
        exported = graph.run_in(run, "app", whole=False)
        graph.control("DELETE", "faults/alerts_v2")
        return graph.run_in(run, "reconcile"), graph.alerts - exported.records


def _row(missing: str, compared: tuple[Sample, int], alerts: int) -> list[str]:
    sample, found = compared
    memory = (sample.idle_mib, sample.peak_mib, sample.peak_mib - sample.idle_mib)
    return [
        f"{alerts:,}",
        missing,
        f"{found:,}",
        f"{sample.wall_s:.1f}",
        f"{sample.cpu_s:.1f}",
        f"{alerts / sample.wall_s:,.0f}",
        *(f"{mib:.0f}" for mib in memory),
    ]


def main() -> None:
    """Run it alone."""
    parser = argparse.ArgumentParser(prog="python -m bench.reconcile", description=__doc__)
    parser.add_argument("--alerts", type=int, default=ALERTS, help="how many there are to compare")
    options = parser.parse_args()
    with azurite() as storage:
        section = reconcile(storage, options.alerts)
    print(markdown([section], datetime.now(UTC), "python -m bench.reconcile"))


if __name__ == "__main__":
    main()
