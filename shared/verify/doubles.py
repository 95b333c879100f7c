"""Fingerprints that occur twice, however many there are: on disk, in bounded memory, and exactly.

They are divided by value among 64 temporary files, so that equal ones meet in one, and a file is looked through in as
many passes as it takes to hold a million of them at a time. So memory is some 115 MB at most and disk 8 bytes a record;
time grows with the number of records up to 64 million of them, and with its square beyond. Nothing is taken for granted
of where equal ones lie.
"""

from array import array
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

_FILES = 64
_AT_ONCE = 1_000_000
_BUFFER_BYTES = 64 * 1024
_READ_BYTES = 1024 * 1024


class Fingerprints:
    """All fingerprints of a chain."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        # Small ones never touch the disk.
        self._files = [SpooledTemporaryFile(_BUFFER_BYTES) for _ in range(_FILES)]  # noqa: SIM115  closed at the exit
        self._counts = [0] * _FILES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files:
            file.close()

    def add(self, fingerprints: array[int]) -> None:
        """Remember these; to be called from one thread."""
        shares: list[list[int]] = [[] for _ in range(_FILES)]
        for one in fingerprints:
            shares[one % _FILES].append(one)
        for number, share in enumerate(shares):
            if share:
                self._files[number].write(array("q", share).tobytes())
                self._counts[number] += len(share)

    def doubled(self) -> Iterator[int]:
        """Those that were added more than once."""
        for number in range(_FILES):
            passes = -(-self._counts[number] // self._at_once)
            for turn in range(passes):
                yield from self._of_one_pass(number, passes, turn)

    def _of_one_pass(self, number: int, passes: int, turn: int) -> set[int]:
        seen: set[int] = set()
        twice: set[int] = set()
        for stored in self._read(number):
            some = stored if passes == 1 else [one for one in stored if one // _FILES % passes == turn]
            fresh = set(some)
            if len(fresh) == len(some) and seen.isdisjoint(fresh):
                seen |= fresh
            else:
                for one in some:
                    (twice if one in seen else seen).add(one)
        return twice

    def _read(self, number: int) -> Iterator[list[int]]:
        file = self._files[number]
        file.seek(0)
        while data := file.read(_READ_BYTES):
            some = array("q")
            some.frombytes(data)
            yield some.tolist()
