"""One blob, read once: its size, sha256, number of records, and a fingerprint of each record.

A fingerprint is 64 bits made of a record's id and cursor: equal keys (``PageReader.row``) have equal fingerprints. The
other way round it is only likely, so whoever finds two equal ones looks at the records. It is Python's own hash, seeded
anew in each run (``readers``): nobody can make records whose fingerprints collide.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from isal import isal_zlib

from shared.errors import DataNotUnderstood
from shared.graph.pages import PageReader, Row
from shared.graph.sources import SOURCES
from shared.storage.blobs import Blobs

_GZIP = 31
"""Window bits that mean a gzip stream."""
_PIECE_BYTES = 64 * 1024
"""Compressed bytes that are expanded at once; they can become a hundred times as many."""
_UNREADABLE: tuple[type[Exception], ...] = (isal_zlib.IsalError, DataNotUnderstood, EOFError)  # type: ignore[assignment]  # stubs call it a value


@dataclass(frozen=True, slots=True)
class Seen:
    """What a blob is."""

    size: int
    sha256: bytes
    records: int
    fingerprints: "array[int]"
    unreadable: str = ""
    """Why its records can't be read to the end; empty where they can."""


class BlobReader:
    """Reads the blobs of one source."""

    def __init__(self, blobs: Blobs, source: str) -> None:
        self._blobs = blobs
        self._timed = SOURCES[source].cursor is not None
        self._records = PageReader(SOURCES[source])

    def read(self, name: str) -> Seen:
        """Read all of a blob, in pieces."""
        digest, size, unreadable = sha256(), 0, ""
        fingerprints = array("q")

        def chunks() -> Iterator[bytes]:
            nonlocal size
            for chunk in self._blobs.chunks(name):
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        source = chunks()
        try:
            for lines in _whole_lines(source, name):
                fingerprints.extend(self._fingerprints(lines, name))
        except _UNREADABLE as error:
            unreadable = str(error)
        for _ in source:
            pass  # the digest is wanted all the same
        return Seen(size, digest.digest(), len(fingerprints), fingerprints, unreadable)

    def rows(self, name: str) -> Iterator[tuple[int, int, Row]]:
        """The number of each line, from 1 on, its fingerprint and its record, as far as they can be read."""
        number = 0
        try:
            for lines in _whole_lines(self._blobs.chunks(name), name):
                for line in bytes(lines).splitlines():
                    number += 1
                    [fingerprint] = self._fingerprints(line, name)
                    yield number, fingerprint, self._records.row(line)
        except _UNREADABLE:
            return

    def _fingerprints(self, lines: bytes | memoryview, name: str) -> list[int]:
        records = self._records.identities(lines)
        if not self._timed:  # a snapshot has each record again
            return [hash((record.id, name)) for record in records]
        # Graph leaves trailing zeros out or does not: it is the same instant. What is finer than 100 ns does not count.
        return [hash((record.id, record.cursor[:27].rstrip("Z0."))) for record in records]


def _whole_lines(chunks: Iterable[bytes], name: str) -> Iterator[bytes | memoryview]:
    """Pieces that end where a line ends.

    Raises:
        isal_zlib.error, EOFError: it is not one gzip stream.
    """
    rest = b""
    for piece in _expanded(chunks) if name.endswith(".gz") else chunks:
        first, last = piece.find(b"\n") + 1, piece.rfind(b"\n") + 1
        if first:
            yield rest + piece[:first]
            yield memoryview(piece)[first:last]
            rest = b""
        rest += piece[last:]
    if rest:
        yield rest


def _expanded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # isal itself refuses to go on behind the end of a stream.
    gunzip = isal_zlib.decompressobj(wbits=_GZIP)
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE_BYTES):
            yield gunzip.decompress(memoryview(chunk)[at : at + _PIECE_BYTES])
    if not gunzip.eof or gunzip.unused_data:
        raise EOFError("it is not one whole gzip stream")
