"""What is written down of every blob: its size, its digest, and what reading it took. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared import instants
from shared.graph.client import Tally
from shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed blob is: its size in bytes and the sha256 of its bytes, in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to make a blob."""

    tally: Tally
    seconds: float
    duplicates: int = 0
    """Rows that were in blobs already, and so were left out."""


def content(
    source: str,
    tenant: str,
    blob: str,
    window: Mapping[str, Instant],
    written: Written,
    records: int,
    failed: Mapping[str, int],
    cost: Cost | None,
    unreadable: Sequence[Instant] | None = None,
) -> dict[str, object]:
    """A manifest, but for ``previous``. ``cost`` is None where a crash left the blob: what it took is null.

    ``unreadable`` is left out where a source is not read by time.
    """
    return {
        "v": 1,
        "source": source,
        "tenant": tenant,
        "blob": blob,
        "window": {name: instants.to_text(instant) for name, instant in window.items()},
        "records": records,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "partial": [{"provider": provider, "status": status} for provider, status in failed.items()],
        **({} if unreadable is None else {"unreadable": [instants.to_text(at) for at in unreadable]}),
        "duplicates_skipped": cost.duplicates if cost else None,
        "pages": cost.tally.pages if cost else None,
        "requests": cost.tally.requests if cost else None,
        "throttled": cost.tally.throttled if cost else None,
        "seconds": round(cost.seconds, 3) if cost else None,
        "found_after_crash": cost is None,
    }
