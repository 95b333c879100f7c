"""Under the lease: what a comparison found missing is looked at once more, and written as a further blob of its day.

The steps are those of a window, with one before: the checkpoint says which blob is about to be committed, and whoever
takes the lease next settles that first. What a worker that wakes up late read long ago never lands beside what others
wrote since.
"""

from dataclasses import dataclass
from itertools import chain

from shared import instants
from shared.errors import StorageConflict
from shared.export import names, window_blob
from shared.export.checkpoint import Checkpoint
from shared.export.compare import Compared
from shared.export.gaps import answered, with_compared, with_gaps, with_removed, with_unreadable
from shared.export.manifest import Cost
from shared.export.reconciliation import Counts, Filling
from shared.export.session import Session
from shared.export.settle import finish, settle_left
from shared.export.window_blob import BlobWriter, WindowFacts
from shared.graph.answers import OutOfTime
from shared.graph.lists import GraphList
from shared.graph.reading import Reading
from shared.graph.sources import Source
from shared.instants import TICK, Instant
from shared.storage.blobs import Blobs


def keep(session: Session, source: Source, compared: Compared, until: float, *, whole: bool) -> None:
    """Write what is missing still, and note what was compared. ``whole``: it was all that there was to compare.

    Where blobs were removed nothing is written: what they held would come twice. Nothing is noted where another
    comparison has done the same meanwhile, or where a blob lies under the name that was to be written: that is finished
    instead, and the next comparison finds its records there.

    Raises:
        DataNotUnderstood: a blob that came meanwhile can't be read.
        GraphUnavailable: what is missing could not be read again by the monotonic second ``until``.
        StorageConflict: the lease is lost.
    """
    start, end, checkpoint = compared.start, compared.end, session.checkpoint
    if not checkpoint.reconcile.wants(start, end):
        return
    if not compared.in_blobs.removed:
        compared.in_blobs.refresh()
    if compared.in_blobs.removed:
        now = instants.from_datetime(session.edges.clock.now())
        gaps = with_removed(checkpoint.gaps, start, end)
        session.save(checkpoint.replace(gaps=gaps, reconcile=checkpoint.reconcile.passed_over(start, end, now)))
        return
    missing = {key: at for key, at in compared.missing.items() if key not in compared.in_blobs.keys}
    if missing:
        _fill(session, source, compared, missing, until, whole=whole)
    else:
        after = _after(session, compared, None)
        session.save(after.replace(reconcile=after.reconcile.plus(_found(compared, None, whole=whole))))


def _fill(
    session: Session, source: Source, compared: Compared, missing: dict[bytes, Instant], until: float, *, whole: bool
) -> None:
    began = session.edges.clock.monotonic()
    state, data, tenant = session.edges.state, session.edges.data, session.checkpoint.tenant
    filling = Filling(
        number=1 + _last(state, source.name, tenant, compared.start),
        start=instants.to_text(compared.start),
        end=instants.to_text(compared.end),
    )
    tally = session.tally()
    pages = GraphList(session.edges.graph, tenant, source, tally, until)
    reading = Reading(pages, min(missing.values()), max(missing.values()) + TICK, compared.unreadable)
    with session.edges.pool(1) as pool:
        writer = BlobWriter(data, names.reconciled(source.name, tenant, compared.start, filling.number), pool)
        filled = _refill(session, reading, writer, set(missing), until)
        refilled = _Refilled(reading, missing=len(missing), filled=filled)
        after, found = _after(session, compared, refilled), _found(compared, refilled, whole=whole)
        if filled == 0:
            session.save(after.replace(reconcile=after.reconcile.plus(found)))
            return
        failed, unreadable = {**compared.failed, **reading.failed}, refilled.unreadable(compared)
        facts = WindowFacts(compared.start, compared.end, compared.start, filled, failed, unreadable)
        session.save(session.checkpoint.replace(reconcile=session.checkpoint.reconcile.about_to(filling)))
        session.lease.check()
        try:
            written = writer.commit(facts.to_metadata())
        except StorageConflict:
            settle_left(session)
            return
    finish(session, after, filling, found, facts, written, Cost(tally, session.edges.clock.monotonic() - began))


@dataclass(frozen=True, slots=True)
class _Refilled:
    """What became of the missing records."""

    reading: Reading
    missing: int
    filled: int

    def unreadable(self, compared: Compared) -> list[Instant]:
        """All that could not be read, when it was compared and now."""
        return sorted({*compared.unreadable, *self.reading.unreadable})


def _refill(session: Session, reading: Reading, writer: BlobWriter, missing: set[bytes], until: float) -> int:
    """Read the missing records again, and write those that Graph still shows; how many."""
    filled = 0
    for rows in chain(reading.batches(), reading.second_chance()):
        session.lease.check()
        if session.edges.clock.monotonic() >= until:
            raise OutOfTime("What is missing took longer to read again than to compare.")
        fresh = [row for row in rows if row.key in missing]
        missing.difference_update(row.key for row in fresh)
        writer.write(fresh)
        filled += len(fresh)
    return filled


def _after(session: Session, compared: Compared, refilled: _Refilled | None) -> Checkpoint:
    """The checkpoint when this stretch is done: less to do, gaps smaller."""
    start, end, checkpoint = compared.start, compared.end, session.checkpoint
    # A gap that was read back from a blob's metadata has the name that metadata can hold.
    failed = compared.failed.keys() | window_blob.split_failed(window_blob.join_failed(compared.failed)).keys()
    gaps = with_compared(checkpoint.gaps, failed, start, end)
    if refilled and refilled.filled < refilled.missing:
        gaps = with_gaps(gaps, refilled.reading.failed, start, end)
    gaps = with_unreadable(gaps, refilled.unreadable(compared) if refilled else compared.unreadable, start, end)
    now = instants.from_datetime(session.edges.clock.now())
    reconcile = checkpoint.reconcile.compared(start, end, now, lambda provider: answered(provider, failed))
    return checkpoint.replace(gaps=gaps, reconcile=reconcile)


def _found(compared: Compared, refilled: _Refilled | None, *, whole: bool) -> Counts:
    return Counts(
        days=int(whole),
        seen=compared.seen,
        missing=refilled.missing if refilled else 0,
        filled=refilled.filled if refilled else 0,
        only_in_blobs=compared.only_in_blobs,
    )


def _last(state: Blobs, source: str, tenant: str, at: Instant) -> int:
    """The number of the day's last one; whoever holds the lease has finished all of them."""
    first = names.reconciled_manifest(source, tenant, at, 1).removesuffix("1.json")
    return max((int(name.removeprefix(first).removesuffix(".json")) for name in state.names(first)), default=0)
