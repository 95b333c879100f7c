"""All chains, one after the other: looked at, judged, and every blob read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, tee
from typing import Protocol

from shared.errors import DataNotUnderstood
from shared.export.window_blob import WindowFacts
from shared.instants import Instant
from shared.storage.blobs import Blobs
from shared.verify.blob_reading import Seen
from shared.verify.doubles import Fingerprints
from shared.verify.findings import Finding, Kind
from shared.verify.judging import Judgement, judge
from shared.verify.links import Link
from shared.verify.looking import look
from shared.verify.readers import Readers, Reading

_THREADS = 4
_GROUP_BLOBS = 16
_GROUP_BYTES = 4 * 1024 * 1024
"""A process is given blobs until they are that many, or that long: enough to be worth the way there and back."""
_TRACED = 100_000
"""Doubled records whose places are looked up, so that memory stays flat where everything is there twice."""


type _Work[R] = Callable[[Sequence[str]], Sequence[R]]


class Watch(Protocol):
    """Whoever watches how far it is."""

    def begin(self, chain: str, total: int) -> None:
        """A chain's blobs are going to be read: so many bytes, by its manifests."""
        ...

    def read(self, size: int) -> None:
        """A blob of so many bytes was read."""
        ...


@dataclass(slots=True)
class Verified:
    """What was found of one chain, and what was read for it."""

    source: str
    tenant: str
    manifests: int = 0
    blobs: int = 0
    records: int = 0
    bytes: int = 0
    """Of blobs, as they lie in storage."""
    findings: list[Finding] = field(default_factory=list)
    in_progress: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification works with."""

    data: Callable[[], Blobs]
    """Opens the container, in this process or in another one."""
    state: Blobs
    readers: Readers
    pool: Callable[[int], Executor]
    """Threads."""
    now: Instant
    watch: Watch
    since: Instant = 0
    """What lies before it may have been removed by plan."""

    def chain(self, source: str, tenant: str) -> Verified:
        """Verify one source of one tenant."""
        with self.pool(_THREADS) as pool:
            stored = look(self.data(), self.state, source, tenant, pool, self.now)
        judged = judge(stored, self._window_end, self.since)
        done = Verified(source, tenant, manifests=len(stored.links))
        done.findings += judged.findings
        done.in_progress += judged.in_progress
        size = sum(link.size for link in judged.compare)
        self.watch.begin(f"{source} {tenant}", size)
        self.readers.expect(size)
        self._read(judged, done)
        return done

    def _window_end(self, blob: str) -> Instant | None:
        properties = self.data().properties(blob)
        try:
            return WindowFacts.from_metadata(properties.metadata, blob).end if properties else None
        except DataNotUnderstood:
            return None

    def _read(self, judged: Judgement, done: Verified) -> None:
        reading = Reading(self.data, self.pool, done.source)
        compare = {link.blob: link for link in judged.compare}
        owners = {link.sha256: link.blob for link in judged.compare}
        sizes = dict.fromkeys(judged.read, 0) | {blob: link.size for blob, link in compare.items()}
        with Fingerprints() as fingerprints:
            for blob, seen in self._each(reading.read, sizes):
                done.blobs += 1
                done.bytes += seen.size
                done.records += seen.records
                fingerprints.add(seen.fingerprints)
                if blob in compare and (finding := _compared(compare[blob], seen, owners)):
                    done.findings.append(finding)
                self.watch.read(seen.size)
            if doubled := set(islice(fingerprints.doubled(), _TRACED)):
                done.findings += _traced(self._each(partial(reading.trace, doubled), sizes))

    def _each[R](
        self, work: Callable[[Sequence[str]], Sequence[R]], sizes: Mapping[str, int]
    ) -> Iterator[tuple[str, R]]:
        """What other processes make of blobs, in order of their names."""
        asked, groups = tee(_groups(sizes))
        for group, results in zip(groups, self.readers.ahead(work, asked), strict=True):
            yield from zip(group, results, strict=True)


def _groups(sizes: Mapping[str, int]) -> Iterator[Sequence[str]]:
    group, size = list[str](), 0
    for blob in sorted(sizes):
        group.append(blob)
        size += sizes[blob]
        if len(group) == _GROUP_BLOBS or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _compared(link: Link, seen: Seen, owners: dict[bytes, str]) -> Finding | None:
    differing = []
    if seen.size != link.size:
        differing.append(f"{seen.size} bytes instead of {link.size}")
    if seen.unreadable:
        differing.append(f"its records can't be read: {seen.unreadable}")
    elif seen.records != link.records:
        differing.append(f"{seen.records} records instead of {link.records}")
    if seen.sha256 != link.sha256:
        if owner := owners.get(seen.sha256):
            differing.append(f"it is what {owner} should be")
        return Finding(Kind.BLOB_ALTERED, link.blob, "; ".join(["another sha256", *differing]))
    return Finding(Kind.BLOB_MISCOUNTED, link.blob, "; ".join(differing)) if differing else None


def _traced(places: Iterable[tuple[str, Sequence[tuple[int, bytes]]]]) -> Iterator[Finding]:
    """Where the doubled records are: one finding for each two blobs that share some."""
    first: dict[bytes, tuple[str, int]] = {}
    shared: dict[tuple[str, str], tuple[int, str]] = {}
    for blob, found in places:
        for number, key in found:
            if key not in first:
                first[key] = blob, number
                continue
            other, line = first[key]
            count, example = shared.get((blob, other), (0, f"line {number} is line {line} of {other}"))
            shared[blob, other] = count + 1, example
    for (blob, _), (count, example) in shared.items():
        yield Finding(Kind.RECORD_DOUBLED, blob, f"{count} of its records; {example}")
