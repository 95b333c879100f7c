"""The latest view: the newest revision of each record, one Parquet file for each month of creation.

``publish_all`` merges what the export has written since into the files, touching only those that change. Each file is
replaced in one step; then the progress is. A run that dies in between leaves some files newer than the progress says,
and what is merged a second time changes nothing. Graph never changes ``createdDateTime``, so a record never moves.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import SystemRandom
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from shared import events
from shared.clock import Clock
from shared.errors import AppError, DataNotUnderstood, StorageConflict
from shared.events import Event
from shared.export import lease as leases
from shared.export import window_blob
from shared.export.lease import Lease
from shared.graph.sources import INCREMENTAL
from shared.storage.blobs import Blobs
from shared.views import latest_news, latest_parquet, latest_progress, latest_rows
from shared.views.latest_parquet import Workbench
from shared.views.latest_progress import Progress

_ROUND_BYTES: Final = 256 * 1024 * 1024
"""Compressed bytes of blobs that are merged at once; the local disk holds about as much, and the months' files."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Blobs, clock and the lease's keeper."""

    data: Blobs
    """EXPORT_CONTAINER; only read."""
    state: Blobs
    """STATE_CONTAINER; only read."""
    views: Blobs
    """VIEWS_CONTAINER."""
    clock: Clock
    keep_alive: Callable[[Lease], AbstractContextManager[object]]
    """Renews a lease in the background."""


def publish_all(edges: Edges, tenants: Sequence[str], sources: Sequence[str], budget_s: float) -> None:
    """Bring the views of all tenants and incremental sources up to date, as far as the time goes.

    What fails for one tenant and source is told, harms no other, and is tried again by the next run.

    Raises:
        ExceptionGroup: what was not foreseen, once all others had their turn.
    """
    deadline = edges.clock.monotonic() + budget_s
    turns = [(source, tenant) for tenant in tenants for source in sources]
    SystemRandom().shuffle(turns)  # where time is short, it is not short for the same ones every time
    unforeseen: list[Exception] = []
    for source, tenant in turns:
        if edges.clock.monotonic() >= deadline:
            break
        try:
            publish(edges, source, tenant, deadline)
        except AppError as error:
            events.emit(Event.UNPUBLISHED, source=source, tenant=tenant, reason=error.reason, message=str(error))
        except Exception as error:  # noqa: BLE001  raised below
            error.add_note(f"The latest view of {source}, tenant {tenant}")
            unforeseen.append(error)
    if unforeseen:
        raise ExceptionGroup("Latest views could not be brought up to date", unforeseen)


def publish(edges: Edges, source: str, tenant: str, deadline: float) -> None:
    """Bring one view up to date; ends soon after ``deadline`` (monotonic seconds), having gained ground.

    Does nothing where there is no news, or where another worker is at it.

    Raises:
        DataNotUnderstood: a manifest is missing, or the progress is not ours.
        StorageConflict: the lease is lost, or somebody else wrote.
    """
    head = latest_news.head(edges.state, source, tenant)
    if head is None:
        return
    name = latest_progress.name(source, tenant)
    found = edges.views.read(name)
    if (
        found
        and latest_news.brought_up(edges.views, source, tenant, latest_progress.decode(found.data, name), head).finished
    ):
        return
    first = latest_progress.encode(Progress(head=head))
    lease = leases.take(edges.views, name, first, edges.clock)
    if lease is None:
        return
    try:
        stored = edges.views.read(name)
        if stored is None:
            raise StorageConflict(f"{name} was removed while its lease was held.")
        progress = latest_news.brought_up(edges.views, source, tenant, latest_progress.decode(stored.data, name), head)
        with edges.keep_alive(lease):
            _Publishing(edges, source, tenant, lease, progress, stored.etag).run(deadline)
    finally:
        lease.release()


@dataclass(slots=True)
class _Publishing:
    """One run over one view, under the lease of its progress."""

    edges: Edges
    source: str
    tenant: str
    lease: Lease
    progress: Progress
    etag: str
    _records: int = 0
    _written: set[str] = field(default_factory=set)

    def run(self, deadline: float) -> None:
        """Merge round by round; one at least."""
        clock = self.edges.clock
        began = clock.monotonic()
        while not self.progress.finished:
            now = clock.monotonic()
            # Half of the time is for merging what the other half has gathered.
            self._round(now + (deadline - now) / 2)
            if clock.monotonic() >= deadline:
                break
        events.emit(
            Event.PUBLISHED,
            source=self.source,
            tenant=self.tenant,
            months=sorted(self._written),
            records=self._records,
            continues=not self.progress.finished,
            seconds=round(clock.monotonic() - began, 3),
        )

    def _round(self, until: float) -> None:
        """Gather blobs until a second or for as many bytes as the disk may hold, and merge them."""
        edges, size = self.edges, 0
        with TemporaryDirectory(prefix="latest-") as name, Workbench(folder := Path(name)) as bench:
            after, prefix = self.progress, f"{self.source}/tenant={self.tenant}/"
            for blob, after in latest_news.unmerged(self.progress, edges.data, edges.state, prefix):  # noqa: B007
                size += self._gather(blob, bench) if blob else 0
                self.lease.check()
                if size >= _ROUND_BYTES or edges.clock.monotonic() >= until:
                    break
            months = bench.months()
            for month in months:
                self._merge(month, bench, folder)
        self._save(after.with_months(months))

    def _gather(self, blob: str, bench: Workbench) -> int:
        """Put a blob's records on the bench; how many bytes the blob has."""
        found = self.edges.data.properties(blob)
        if found is None:
            what = (
                f"The blob {blob} has a manifest, and is missing: restore it, or delete the view's files under latest/"
            )
            raise DataNotUnderstood(f"{what}, and the next run makes them from the blobs that there are.")
        source = INCREMENTAL[self.source]
        for line in window_blob.lines(self.edges.data.chunks(blob), blob):
            bench.add(latest_rows.read(line, source))
            self._records += 1
        return found.size

    def _merge(self, month: str, bench: Workbench, folder: Path) -> None:
        """Replace a month's file, if it changes."""
        views, name = self.edges.views, latest_progress.file(self.source, self.tenant, month)
        before, after = folder / f"{month}.before.parquet", folder / f"{month}.after.parquet"
        found = views.properties(name)
        if found:
            with before.open("wb") as file:
                file.writelines(views.chunks(name))
        if bench.merge(month, before if found else None, after):
            self._upload(name, after, found.etag if found else None)
            self._written.add(month)
        for path in (before, after):
            path.unlink(missing_ok=True)  # the disk is small

    def _upload(self, name: str, file: Path, over: str | None) -> None:
        """Staged in blocks, and there whole or not at all."""
        run, ids = uuid4().hex, list[str]()
        for number, block in enumerate(latest_parquet.blocks(file)):
            ids.append(b64encode(f"{run}{number:06d}".encode()).decode())
            self.edges.views.stage(name, ids[-1], block)
        self.lease.check()
        self.edges.views.commit(name, ids, {}, over=over)

    def _save(self, progress: Progress) -> None:
        self.lease.check()
        name = latest_progress.name(self.source, self.tenant)
        data = latest_progress.encode(progress)
        self.etag = self.edges.views.replace(name, data, etag=self.etag, lease_id=self.lease.id)
        self.progress = progress
