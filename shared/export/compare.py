"""What Graph shows of a stretch of time, compared with what blobs hold of it. Reads only, and needs no lease."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.errors import GraphUnavailable
from shared.export import names, window_blob
from shared.export.window_blob import WindowFacts
from shared.graph.pages import PageReader
from shared.graph.reading import Reading
from shared.graph.sources import Source
from shared.instants import DAY, Instant
from shared.storage.blobs import Blobs

_PAGES = 25
"""After so many pages a comparison ends for now: what it found missing is read again under the lease."""


class InBlobs:
    """The keys of one stretch, a day at most, that blobs hold. The whole memory of a comparison."""

    def __init__(self, blobs: Blobs, state: Blobs, source: Source, tenant: str, start: Instant, end: Instant) -> None:
        self.start = start
        self.end = end
        self.keys: dict[bytes, Instant] = {}
        self._blobs = blobs
        self._source = source
        self._tenant = tenant
        self._read: set[str] = set()
        self.removed = self._lacks_any(state)
        """Whether a blob that a manifest names is not there: then nobody knows what it held, and there are no keys."""
        if not self.removed:
            self.refresh()

    def _lacks_any(self, state: Blobs) -> bool:
        for day in (self.start, self.start + DAY):
            folder = names.day(self._source.name, self._tenant, day)
            # Manifests first: each is written after its blob.
            named = {names.window_of(manifest) for manifest in state.names(names.manifests_of(folder))}
            if named - set(self._blobs.names(folder)):
                return True
        return False

    def refresh(self) -> None:
        """Read the blobs that were not there before.

        The overlap reaches back a day at most, so a record lies in a blob of its own day or of the next.
        """
        reader = PageReader(self._source)
        for day in (self.start, self.start + DAY):
            for name in self._blobs.names(names.day(self._source.name, self._tenant, day)):
                if name in self._read:
                    continue
                self._read.add(name)
                if day == self.start or self._reaches_back(name):
                    for row in window_blob.rows(self._blobs, name, reader):
                        if self.start <= row.at < self.end:
                            self.keys[row.key] = row.at

    def _reaches_back(self, name: str) -> bool:
        properties = self._blobs.properties(name)
        return properties is None or WindowFacts.from_metadata(properties.metadata, name).read_start < self.end


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


def compare(reading: Reading, in_blobs: InBlobs, stop: Callable[[], bool]) -> Compared:
    """Compare as much of the reading as ``stop`` allows, but some of it at least."""
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
            if reading.whole_before > reading.start and (pages >= _PAGES or stop()):
                break
        for rows in reading.second_chance():
            beyond += ((row.at, row.key) for row in rows)
    except GraphUnavailable as unavailable:
        found.error = unavailable
    settle()
    found.end = reading.whole_before
    found.only_in_blobs = sum(found.start <= at < found.end for at in in_blobs.keys.values()) - matched
    found.failed = reading.failed
    found.unreadable = [at for at in reading.unreadable if at < found.end]
    return found
