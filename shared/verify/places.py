"""What the name of a blob, or of a manifest, says. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from re import compile as pattern

from shared import instants
from shared.export import names
from shared.graph.sources import DAILY
from shared.instants import Instant

_WINDOW = ".ndjson.gz"
_FOLDER = pattern(r"[^/]+/tenant=([^/]+)/date=(\d{4}-\d\d-\d\d)")
_RECONCILED = pattern(r"reconcile-(\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob belongs."""

    day: Instant
    """Midnight UTC at which its day begins."""
    start: Instant
    """Of a window; else the day."""
    number: int | None = None
    """Of a blob that a comparison with Graph has added to a day."""


def place(source: str, tenant: str, blob: str) -> Place | None:
    """Where a blob of this name belongs, or None where the export gives no blob such a name."""
    folder, _, file = blob.rpartition("/")
    found = _FOLDER.fullmatch(folder)
    try:
        day = date.fromisoformat(found[2]) if found else None
    except ValueError:
        day = None
    if day is None:
        return None
    midnight = instants.from_date(day)
    if source in DAILY:
        return Place(midnight, midnight) if blob == names.snapshot(source, tenant, day) else None
    stem = file.removesuffix(_WINDOW)
    if (numbered := _RECONCILED.fullmatch(stem)) and folder == f"{source}/tenant={tenant}/date={day}":
        return Place(midnight, midnight, int(numbered[1]))
    start = _from_stamp(stem)
    return Place(midnight, start) if start is not None and blob == names.window(source, tenant, start) else None


def _from_stamp(stamp: str) -> Instant | None:
    try:
        return instants.from_datetime(datetime.strptime(stamp, "%Y%m%dT%H%M%S.%f%z"))
    except ValueError:
        return None
