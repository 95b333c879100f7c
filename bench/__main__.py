"""``python -m bench``: run all benchmarks, print the results, and keep them in ``bench/results/``."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.catch_up import catch_up
from bench.imports import imports
from bench.latest import latest
from bench.memory import memory
from bench.reconcile import ALERTS, reconcile
from bench.rendering import rendering
from bench.report import Section, markdown
from bench.tenants import tenants
from bench.throughput import throughput
from bench.verify import verify
from bench.webhook.results import FULL_S, SHORT_S, write
from local.azurite import azurite

_RESULTS = Path(__file__).parent / "results" / "latest.md"


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant in the comparison of speed")
    parser.add_argument("--full", action="store_true", help="a million alerts, 1,000 tenants; a longer load")
    parser.add_argument("--reconcile", type=int, default=ALERTS, help="alerts that are compared with Graph")
    options = parser.parse_args()
    sections = _sections(options.rounds, options.reconcile, full=options.full)
    page = markdown(list(sections), datetime.now(UTC))
    print(page)
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(page, encoding="utf-8")
    _tell("the webhook")
    print(write(FULL_S if options.full else SHORT_S))


def _sections(rounds: int, reconciled: int, *, full: bool) -> Iterator[Section]:
    with azurite() as storage, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _tell("speed")
        yield from throughput(storage, Path(folder), rounds)
        _tell("catch-up")
        yield catch_up(storage, Path(folder))
        _tell("memory")
        yield memory(storage, full=full)
        _tell("the report")
        yield rendering(storage, rounds)
        _tell("verification")
        yield verify(storage, Path(folder), rounds)
        _tell("the latest view")
        yield latest(storage, full=full)
        _tell("reconcile")
        yield reconcile(storage, reconciled)
    _tell("many tenants")
    yield tenants(full=full)
    _tell("imports")
    yield imports()


def _tell(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
