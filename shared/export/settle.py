"""What a crash left is finished before anything else: whoever takes the lease begins here.

A comparison writes into the checkpoint which blob it is about to commit. So the next one finishes that blob, or takes
its name, before the chain goes on: a worker that wakes up late finds the name taken, and an older checkpoint that is
put back joins the blob's manifest as the next of its chain.
"""

from shared import instants
from shared.errors import StorageConflict
from shared.export import manifest, names, window_blob
from shared.export.checkpoint import Checkpoint
from shared.export.edges import Edges, Rules
from shared.export.manifest import Cost, Written
from shared.export.reconciliation import Counts, Filling
from shared.export.session import Session
from shared.export.window_blob import BlobWriter, Found, WindowFacts
from shared.graph.pages import PageReader
from shared.graph.sources import SOURCES


def begin(edges: Edges, rules: Rules, source: str, tenant: str) -> Session | None:
    """Take the lease, or None where another worker has it. Manifest and blob that a crash left are finished first."""
    session = Session.begin(edges, rules, source, tenant)
    if session and session.checkpoint.reconcile.filling:
        try:
            with edges.keep_alive(session.lease):
                settle_left(session)
        except Exception:
            session.lease.release()
            raise
    return session


def settle_left(session: Session) -> None:
    """Finish the blob that a crash left without a manifest; where there is none yet, close its name by an empty one.

    Raises:
        StorageConflict: the lease is lost.
        DataNotUnderstood: the blob is not what its name says, or its manifest is not the chain's next.
    """
    filling = session.checkpoint.reconcile.filling
    if filling is None:
        return
    start, end = instants.from_text(filling.start), instants.from_text(filling.end)
    name = names.reconciled(session.checkpoint.source, session.checkpoint.tenant, start, filling.number)
    found = _found(session, name)
    if found is None:
        session.lease.check()
        try:
            with session.edges.pool(1) as pool:
                facts = WindowFacts(start, end, start, 0)
                BlobWriter(session.edges.data, name, pool).commit(facts.to_metadata())
        except StorageConflict:  # by whoever was about to, or our own answer got lost
            pass
        found = _found(session, name)
        if found is None:
            raise StorageConflict(f"The blob {name} was removed while it was looked at.")
    records = found.facts.records
    counts = Counts(missing=records, filled=records)
    finish(session, session.checkpoint, filling, counts, found.facts, found.written, None)


def finish(
    session: Session,
    after: Checkpoint,
    filling: Filling,
    found: Counts,
    facts: WindowFacts,
    written: Written,
    cost: Cost | None,
) -> None:
    """Make the blob part of the chain, and ``found`` part of the result. ``cost`` is None where a crash left it."""
    source, tenant, number = after.source, after.tenant, filling.number
    content = manifest.content(
        source,
        tenant,
        names.reconciled(source, tenant, facts.start, number),
        {"start": facts.start, "end": facts.end, "read_start": facts.read_start},
        written,
        facts.records,
        facts.failed,
        cost,
        facts.unreadable,
    )
    result = {
        "at": instants.to_text(instants.from_datetime(session.edges.clock.now())),
        "days": found.days,
        "seen": found.seen if cost else None,
        "missing": found.missing if cost else None,
        "filled": facts.records,
        "only_in_blobs": found.only_in_blobs if cost else None,
        "gaps": len(after.gaps),
    }
    name = names.reconciled_manifest(source, tenant, facts.start, number)
    after = after.replace(reconcile=after.reconcile.plus(found).about_to(None))
    session.finish(after, name, content | {"reconcile": result}, facts.records)


def _found(session: Session, name: str) -> Found | None:
    reader = PageReader(SOURCES[session.checkpoint.source])
    return window_blob.find(session.edges.data, name, reader, 0)
