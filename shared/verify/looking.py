"""What there is to verify, and what lies in storage of it, while the app may go on writing."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export.checkpoint import LIVE, Checkpoint
from shared.export.session import stored_checkpoint
from shared.graph.sources import SOURCES
from shared.instants import Instant
from shared.storage.blobs import Blobs
from shared.verify import links
from shared.verify.findings import Finding, Kind
from shared.verify.judging import Stored
from shared.verify.links import Link

_AHEAD = 2 * max(8, os.process_cpu_count() or 1)
"""Reads that are asked for and not looked at yet."""


@dataclass(slots=True)
class Wanted:
    """The chains to verify."""

    chains: list[tuple[str, str]] = field(default_factory=list)
    """Source and tenant."""
    strays: list[Finding] = field(default_factory=list)
    """What lies beside all of them."""


def chains(data: Blobs, state: Blobs, source: str | None = None, tenant: str | None = None) -> Wanted:
    """Every source and tenant of which there is a checkpoint, a manifest or a blob."""
    wanted, found = Wanted(), set[tuple[str, str]]()
    for name in state.names(f"checkpoints/{source}/" if source else "checkpoints/"):
        _, of, file = [*name.split("/"), "", ""][:3]
        if of in SOURCES and file.endswith(".json"):
            found.add((of, file.removesuffix(".json")))
    for blobs, folder, kind in ((state, "manifests/", Kind.MANIFEST_UNKNOWN), (data, "", Kind.BLOB_UNKNOWN)):
        for name in blobs.names(f"{folder}{source}/" if source else folder):
            of, _, rest = name.removeprefix(folder).partition("/tenant=")
            whose, slash, _ = rest.partition("/")
            if of in SOURCES and whose and slash:
                found.add((of, whose))
            elif not tenant:
                wanted.strays.append(Finding(kind, name, "it lies beside all sources and tenants"))
    wanted.chains = sorted(one for one in found if tenant in (None, one[1]))
    return wanted


def look(data: Blobs, state: Blobs, source: str, tenant: str, pool: Executor, now: Instant) -> Stored:
    """What lies there of one chain.

    The checkpoint comes first: what it stands for is there by then. What comes up later is told apart by a second look.
    """
    before = _checkpoint(state, source, tenant)
    folder = f"{source}/tenant={tenant}/"
    blobs = set(data.names(folder))

    def read(name: str) -> Link | None:
        stored = state.read(name)
        return links.read(source, tenant, name, stored.data) if stored else None

    found = [link for link in ahead(pool, read, state.names(f"manifests/{folder}")) if link]
    after = _checkpoint(state, source, tenant)
    moved = (
        before is not None
        and after is not None
        and before.lanes | {"": before.chain} != after.lanes | {"": after.chain}
    )
    return Stored(source, tenant, before, found, blobs, now, bool(moved))


def _checkpoint(state: Blobs, source: str, tenant: str) -> Checkpoint | None:
    try:
        checkpoint = stored_checkpoint(state, source, tenant)
        if checkpoint:
            for text in (checkpoint.first_start, checkpoint.lanes[LIVE].watermark):
                instants.from_text(text)
            bytes.fromhex(checkpoint.chain or "")
    except (DataNotUnderstood, KeyError, ValueError):
        return None
    return checkpoint


def ahead[T, R](pool: Executor, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in order, some being made while one is looked at, and never more than a few."""
    running: deque[Future[R]] = deque()
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) > _AHEAD:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
