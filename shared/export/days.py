"""Sources that are kept by days: one secure score a day, and a whole snapshot of the control profiles a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from isal import igzip

from shared import events, instants
from shared.errors import DataNotUnderstood, GraphUnavailable, StorageConflict
from shared.events import Event
from shared.export import manifest, names, scores, window_blob
from shared.export.gaps import with_gaps
from shared.export.manifest import Cost, Written
from shared.export.session import Session
from shared.graph.client import Tally
from shared.graph.lists import GraphList
from shared.graph.pages import Row
from shared.graph.reading import whole_list
from shared.graph.sources import SECURE_SCORES, Source
from shared.instants import DAY, Instant
from shared.storage.blobs import Blobs

_REMEMBERED = 120
"""Days that the checkpoint remembers as kept; Graph shows 90 (List secureScores)."""


@dataclass(frozen=True, slots=True)
class _Day:
    """What is to be kept of one day."""

    day: date
    records: int
    data: bytes


def export_days(session: Session, source: Source, now: Instant, deadline: float) -> None:
    """Keep every day that Graph shows and that is not kept yet, the oldest first.

    Raises:
        GraphUnavailable: among others, where Graph shows no control profile at all: that is never a snapshot.
    """
    kept = set(session.checkpoint.days)
    if source is not SECURE_SCORES:
        for left in _left_behind(session, source, instants.to_date(now)):
            _adopt(session, source, left)
        if instants.to_date(now) in kept:
            return
    clock = session.edges.clock
    tally, began = session.tally(), clock.monotonic()
    pages = GraphList(session.edges.graph, session.checkpoint.tenant, source, tally, deadline)
    rows, failed = whole_list(pages.first, pages.follow)
    days = list(_scores(rows)) if source is SECURE_SCORES else [_snapshot(session, rows, now)]
    for day in sorted(days, key=lambda item: item.day):
        if day.day not in kept:
            _keep(session, source, day, Cost(tally, clock.monotonic() - began), failed)
            tally, began = Tally(), clock.monotonic()  # one list served all days: its cost stands in the first manifest
    if source is SECURE_SCORES:
        session.checkpoint = session.checkpoint.replace(warnings=scores.odd(rows, instants.to_date(now)))
        _tell(session.checkpoint.tenant, rows, kept)


def _tell(tenant: str, rows: list[Row], kept: set[date]) -> None:
    """Tell of the newest score, once."""
    newest = max((instants.to_date(row.at) for row in rows), default=None)
    if newest and newest not in kept and (change := scores.change(rows, newest)):
        events.emit(Event.SCORE, tenant=tenant, day=newest.isoformat(), **change)


def _scores(rows: list[Row]) -> Iterator[_Day]:
    """One score a day, by its ``createdDateTime``; of several, the last."""
    by_day = {instants.to_date(row.at): row for row in sorted(rows, key=lambda row: row.at)}
    for day, row in by_day.items():
        yield _Day(day, 1, bytes(row.raw))


def _snapshot(session: Session, rows: list[Row], now: Instant) -> _Day:
    if not rows:
        tenant = session.checkpoint.tenant
        what = f"tenant {tenant}: Graph shows no secure score control profile; that is not kept as a snapshot."
        raise GraphUnavailable(f"{what} The next run tries again.")
    lines = b"".join(part for row in rows for part in (row.raw, b"\n"))
    return _Day(instants.to_date(now), len(rows), igzip.compress(lines, mtime=0))


def _left_behind(session: Session, source: Source, today: date) -> list[date]:
    """Days before today whose snapshot a crash left without a manifest: Graph's list would never lead back to them."""
    checkpoint = session.checkpoint
    kept = checkpoint.days
    first = instants.from_date(kept[-1]) + DAY if kept else instants.from_text(checkpoint.first_start)
    days = [instants.to_date(day) for day in range(first, instants.from_date(today), DAY)]
    return [day for day in days if session.edges.data.properties(names.snapshot(source.name, checkpoint.tenant, day))]


def _keep(session: Session, source: Source, day: _Day, cost: Cost, failed: dict[str, int]) -> None:
    """Blob, checkpoint, manifest. A blob that a crash left is the day's, whatever Graph shows now."""
    metadata = {
        "records": str(day.records),
        "date": day.day.isoformat(),
        "partial": window_blob.join_failed(failed),
    }
    session.lease.check()
    try:
        session.edges.data.create(names.snapshot(source.name, session.checkpoint.tenant, day.day), day.data, metadata)
    except StorageConflict:
        _adopt(session, source, day.day)
    else:
        _finish(session, source, day, cost, failed)


def _adopt(session: Session, source: Source, day: date) -> None:
    """Finish a day whose blob a crash left."""
    found, failed = _found(session.edges.data, names.snapshot(source.name, session.checkpoint.tenant, day), day)
    _finish(session, source, found, None, failed)


def _finish(session: Session, source: Source, day: _Day, cost: Cost | None, failed: dict[str, int]) -> None:
    """Checkpoint and manifest of a day whose blob is there."""
    checkpoint = session.checkpoint
    start = instants.from_date(day.day)
    if failed:
        events.emit(
            Event.GAP,
            source=source.name,
            tenant=checkpoint.tenant,
            start=instants.to_text(start),
            end=instants.to_text(start + DAY),
            providers=failed,
            unreadable=[],
        )
    name = names.snapshot(source.name, checkpoint.tenant, day.day)
    window = {"start": start, "end": start + DAY}
    written = Written(len(day.data), sha256(day.data).hexdigest())
    content = manifest.content(source.name, checkpoint.tenant, name, window, written, day.records, failed, cost)
    days = sorted({*checkpoint.days, day.day})[-_REMEMBERED:]
    gaps = with_gaps(checkpoint.gaps, failed, start, start + DAY)
    name = names.manifest(source.name, checkpoint.tenant, start)
    session.finish(checkpoint.replace(days=days, gaps=gaps), name, content, day.records)


def _found(blobs: Blobs, name: str, day: date) -> tuple[_Day, dict[str, int]]:
    stored, properties = blobs.read(name), blobs.properties(name)
    if stored is None or properties is None or not properties.metadata.get("records", "").isdecimal():
        raise DataNotUnderstood(f"The blob {name} lies where a day belongs, and is not one. Move it away.")
    failed = window_blob.split_failed(properties.metadata.get("partial", ""))
    return _Day(day, int(properties.metadata["records"]), stored.data), failed
