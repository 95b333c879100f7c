"""A window's blob: written as a stream, there whole or not at all, and read back when a crash left it behind."""

import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

from isal import isal_zlib

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export.keys import Keys
from shared.export.manifest import Written
from shared.graph.pages import PageReader, Row
from shared.instants import Instant
from shared.storage.blobs import Blobs

_BLOCK_BYTES = 1024 * 1024
"""Of 50,000 blocks at most: a window may have 50 GB, compressed."""
_PIECE_BYTES = 64 * 1024
"""Compressed bytes that are expanded at once; they can become a hundred times as many."""
_GZIP = 16 + zlib.MAX_WBITS


class BlobWriter:
    """Compresses lines into staged blocks; nothing is visible until ``commit``.

    Compressing and uploading run on a thread of their own, one step behind, so that the next page is fetched
    meanwhile; never more than one batch waits.
    """

    def __init__(self, blobs: Blobs, name: str, executor: Executor) -> None:
        self._blobs = blobs
        self._name = name
        self._executor = executor
        # Block ids of two writers must differ, or they would overwrite each other's blocks.
        self._run = uuid4().hex
        self._blocks: list[str] = []
        self._gzip = isal_zlib.compressobj(wbits=_GZIP)
        self._buffer = bytearray()
        self._digest = sha256()
        self._bytes = 0
        self._pending: Future[None] | None = None

    def write(self, rows: Iterable[Row]) -> None:
        """Add one line a row."""
        lines = b"\n".join([*(row.raw for row in rows), b""])
        if lines:
            self._settle()
            self._pending = self._executor.submit(self._compress, lines)

    def commit(self, metadata: Mapping[str, str]) -> Written:
        """Make the blob visible, whole.

        Raises:
            StorageConflict: there is a blob of this name already.
        """
        self._settle()
        self._buffer += self._gzip.flush()
        self._stage()
        self._blobs.commit(self._name, self._blocks, metadata)
        return Written(self._bytes, self._digest.hexdigest())

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _compress(self, lines: bytes) -> None:
        self._buffer += self._gzip.compress(lines)
        if len(self._buffer) >= _BLOCK_BYTES:
            self._stage()

    def _stage(self) -> None:
        block, self._buffer = bytes(self._buffer), bytearray()
        block_id = b64encode(f"{self._run}{len(self._blocks):06d}".encode()).decode()
        self._blobs.stage(self._name, block_id, block)
        self._blocks.append(block_id)
        self._digest.update(block)
        self._bytes += len(block)


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What a window's blob says of itself, in its metadata."""

    start: Instant
    end: Instant
    read_start: Instant
    """Where the read began, overlap included."""
    records: int
    failed: Mapping[str, int] = field(default_factory=dict)
    """Providers that failed, ``Vendor/Provider`` -> status; empty when the window is whole."""
    unreadable: Sequence[Instant] = ()
    """Where single records could not be read."""

    def to_metadata(self) -> dict[str, str]:
        """The blob's metadata; ``partial`` is empty when the window is whole."""
        metadata = {
            "records": str(self.records),
            "window_start": instants.to_text(self.start),
            "window_end": instants.to_text(self.end),
            "read_start": instants.to_text(self.read_start),
            "partial": join_failed(self.failed),
        }
        if self.unreadable:
            metadata["unreadable"] = ", ".join(map(instants.to_text, self.unreadable))
        return metadata

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], name: str) -> "WindowFacts":
        """Read it back.

        Raises:
            DataNotUnderstood: the blob is not one of a window.
        """
        try:
            return cls(
                start=instants.from_text(metadata["window_start"]),
                end=instants.from_text(metadata["window_end"]),
                read_start=instants.from_text(metadata["read_start"]),
                records=int(metadata["records"]),
                failed=split_failed(metadata.get("partial", "")),
                unreadable=[instants.from_text(item) for item in _items(metadata.get("unreadable", ""))],
            )
        except (KeyError, ValueError) as error:
            what = f"The blob {name} lies where a window belongs, and its metadata is not a window's ({error})."
            raise DataNotUnderstood(f"{what} Move it away; nothing was exported over it.") from error


@dataclass(frozen=True, slots=True)
class Found:
    """A window's blob as it lies in storage."""

    facts: WindowFacts
    written: Written
    keys: Keys
    """Of its rows in the last ``overlap`` before its end, and after."""


def find(blobs: Blobs, name: str, reader: PageReader, overlap: Instant) -> Found | None:
    """Read the window blob of this name back, or None where there is none.

    Raises:
        DataNotUnderstood: it is not a window's, or holds another number of records than it says.
    """
    properties = blobs.properties(name)
    if properties is None:
        return None
    facts = WindowFacts.from_metadata(properties.metadata, name)
    kept_from = Keys.complete_from(facts.end, overlap)
    keys, digest, size, records = Keys(), sha256(), 0, 0

    def chunks() -> Iterator[bytes]:
        nonlocal size
        for chunk in blobs.chunks(name):
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    for line in lines(chunks(), name):
        row = reader.row(line)
        records += 1
        if row.at >= kept_from:
            keys.add([row])
    if records != facts.records:
        raise DataNotUnderstood(f"The blob {name} holds {records} records and says {facts.records}: it was altered.")
    return Found(facts, Written(size, digest.hexdigest()), keys)


def rows(blobs: Blobs, name: str, reader: PageReader) -> Iterator[Row]:
    """The rows of a blob, as a stream.

    Raises:
        DataNotUnderstood: it is no gzip stream, or a line is no record.
    """
    return map(reader.row, lines(blobs.chunks(name), name))


def lines(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The lines of a blob, from its gzip stream, without their ends; the last one ends with a line break, too.

    Raises:
        DataNotUnderstood: it is no gzip stream, or one without its end.
    """
    gunzip = isal_zlib.decompressobj(wbits=_GZIP)
    rest = b""
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE_BYTES):
            try:
                expanded = gunzip.decompress(chunk[at : at + _PIECE_BYTES])
            except isal_zlib.error as error:  # type: ignore[misc]  # isal's stub takes the class for an instance
                raise DataNotUnderstood(f"The blob {name} is no gzip stream ({error}): it was altered.") from error
            *whole, rest = (rest + expanded).split(b"\n")
            yield from whole
    if not gunzip.eof:
        raise DataNotUnderstood(f"The blob {name} ends in the middle of its gzip stream: it was altered.")


def join_failed(failed: Mapping[str, int]) -> str:
    """Failed providers and their status, for metadata; empty when there are none."""
    return ", ".join(f"{_ascii(provider)}/{status}" for provider, status in failed.items())


def split_failed(joined: str) -> dict[str, int]:
    """Read it back."""
    return {provider: int(status) for provider, _, status in (item.rpartition("/") for item in _items(joined))}


def _items(joined: str) -> list[str]:
    return [item for item in joined.split(", ") if item]


def _ascii(text: str) -> str:
    # HTTP headers carry ASCII; a comma would part two providers.
    return text.replace(",", ";").encode("ascii", "backslashreplace").decode()
