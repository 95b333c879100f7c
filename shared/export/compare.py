"""What Graph shows of a stretch of time, compared with what blobs hold of it. Reads only, and needs no lease."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.clock import Clock
from shared.errors import DataNotUnderstood, GraphUnavailable
from shared.export import names, window_blob
from shared.export.window_blob import WindowFacts
from shared.graph.pages import PageReader
from shared.graph.reading import Reading
from shared.graph.sources import Source
from shared.instants import DAY, MINUTE, Instant
from shared.storage.blobs import Blobs

_PAGES = 25
_SECONDS = 30.0
"""After so many pages, or seconds, a comparison ends for now: what it found missing is read again under the lease."""

_ARCHIVED = 409
"""BlobArchived and BlobBeingRehydrated: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes"""


class InBlobs:
    """The keys of one day that blobs hold. The whole memory of a comparison."""

    def __init__(self, blobs: Blobs, state: Blobs, source: Source, tenant: str, day: Instant) -> None:
        self.day = day
        self.keys: dict[bytes, Instant] = {}
        self.removed = False
        """Whether a blob that a manifest names is not there: then nobody knows what it held."""
        self._blobs = blobs
        self._state = state
        self._reader = PageReader(source)
        # The overlap reaches back a day at most, so a record lies in a blob of its own day or of the next.
        self._folders = [names.day(source.name, tenant, at) for at in (day, day + DAY)]
        self._read: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Read the blobs that were not there before, unless some were removed.

        Raises:
            DataNotUnderstood: one is archived, or not what its name says.
        """
        # Manifests first: each is written after its blob.
        manifests = (name for folder in self._folders for name in self._state.names(names.manifests_of(folder)))
        named = {names.blob_of(manifest) for manifest in manifests}
        own, next_day = (list(self._blobs.names(folder)) for folder in self._folders)
        self.removed = bool(named - self._read - {*own, *next_day})
        if self.removed:
            return
        try:
            for name in own:
                self._take(name)
            for name in self._reaching_back(next_day):
                self._take(name)
        except ResourceNotFoundError:  # removed in this moment
            self.removed = True
        else:
            self._read.update(next_day)

    def _take(self, name: str) -> None:
        if name in self._read:
            return
        try:
            for row in window_blob.rows(self._blobs, name, self._reader):
                if self.day <= row.at < self.day + DAY:
                    self.keys[row.key] = row.at
        except ResourceNotFoundError:
            raise
        except HttpResponseError as error:
            if error.status_code != _ARCHIVED:
                raise
            what = f"The blob {name} can't be read, since it is archived"
            raise DataNotUnderstood(f"{what}: its day is compared again once it is rehydrated.") from error
        self._read.add(name)

    def _reaching_back(self, next_day: Iterable[str]) -> Iterator[str]:
        """Those of the next day's blobs that may hold records of this one, and were not there before.

        What was filled in is of its own day alone. Of windows, in the order of their names, which is that of time, none
        begins to read a minute or more before one that came earlier: its keys would not be known there.
        """
        for name in next_day:
            if name in self._read or names.is_reconciled(name):
                continue
            properties = self._blobs.properties(name)
            if properties is None:
                raise ResourceNotFoundError(name)
            read_start = WindowFacts.from_metadata(properties.metadata, name).read_start
            if read_start < self.day + DAY:
                yield name
            elif read_start >= self.day + DAY + MINUTE:
                return


@dataclass(slots=True)
class Compared:
    """What came of a comparison."""

    in_blobs: InBlobs
    start: Instant
    end: Instant
    """Everything before it is compared."""
    seen: int = 0
    missing: dict[bytes, Instant] = field(default_factory=dict)
    """Keys that Graph shows and no blob holds, and their instants."""
    only_in_blobs: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    """Providers that did not answer, ``Vendor/Provider`` -> status."""
    unreadable: Sequence[Instant] = ()
    error: GraphUnavailable | None = None
    """Why it ended early, where Graph is the reason."""
    gave_way: bool = False
    """Whether it ended early to let others work."""
    seconds: float = 0.0
    """How long it took."""


def compare(reading: Reading, in_blobs: InBlobs, clock: Clock, gives_way: Callable[[], bool]) -> Compared:
    """Compare a piece of the reading, a small one if ``gives_way`` says so, but some of it at least."""
    began = clock.monotonic()
    found = Compared(in_blobs, reading.start, reading.start)
    beyond: list[tuple[Instant, bytes]] = []
    matched = 0

    def settle() -> None:
        """Count the rows before the instant from which on others may be unread."""
        nonlocal beyond, matched
        for at, key in beyond:
            if at < reading.whole_before:
                found.seen += 1
                if key in in_blobs.keys:
                    matched += 1
                else:
                    found.missing[key] = at
        beyond = [(at, key) for at, key in beyond if at >= reading.whole_before]

    try:
        for pages, rows in enumerate(reading.batches(), 1):
            settle()
            beyond += ((row.at, row.key) for row in rows)
            if reading.whole_before == reading.start:
                continue
            found.gave_way = gives_way()
            if found.gave_way or pages >= _PAGES or clock.monotonic() >= began + _SECONDS:
                break
        for rows in reading.second_chance():
            beyond += ((row.at, row.key) for row in rows)
    except GraphUnavailable as unavailable:
        found.error = unavailable
    settle()
    found.end = reading.whole_before
    found.only_in_blobs = sum(found.start <= at < found.end for at in in_blobs.keys.values()) - matched
    found.failed = reading.failed
    found.seconds = clock.monotonic() - began
    found.unreadable = [at for at in reading.unreadable if at < found.end]
    return found
