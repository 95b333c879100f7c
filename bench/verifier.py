"""Contestants that look through what was exported and downloaded: the app's verification, and the floor under it."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path

from isal import isal_zlib

from bench.folder import Folder
from bench.history import END
from shared import instants
from shared.verify.looking import chains
from shared.verify.readers import readers
from shared.verify.verification import Verification

_PIECE_BYTES = 64 * 1024
_GZIP = 31
_MUCH = 10**12
"""Bytes that are worth starting processes."""


class Verifier:
    """Everything that ``python -m shared.verify`` does, over files."""

    def __init__(self) -> None:
        root = Path(os.environ["BENCH_DOWNLOADED"])
        self._data, self._state = partial(Folder, root / "data"), Folder(root / "state")
        self._records = 0
        # They stay until the end, so that their memory can be asked for.
        self._open = ExitStack()
        self._processes = self._open.enter_context(readers())
        self._processes.expect(_MUCH)
        for _ in self._processes.ahead(abs, range(os.process_cpu_count() or 1)):
            pass  # they are there

    def work(self) -> None:
        now = instants.from_datetime(END)
        verification = Verification(self._data, self._state, self._processes, ThreadPoolExecutor, now, self)
        verified = [verification.chain(*chain) for chain in chains(self._data(), self._state).chains]
        if any(chain.findings for chain in verified):
            raise RuntimeError("there are findings")
        self._records = sum(chain.records for chain in verified)

    def records(self) -> int:
        return self._records

    def begin(self, chain: str, total: int) -> None:
        """Nobody watches."""

    def read(self, size: int) -> None:
        """Nobody watches."""


class Unpacker:
    """The least that finds an altered blob and counts its lines: sha256, gunzip, line breaks; one after the other."""

    def __init__(self) -> None:
        self._files = sorted(Path(os.environ["BENCH_DOWNLOADED"], "data").rglob("*.gz"))
        self._lines = 0

    def work(self) -> None:
        for file in self._files:
            data, gunzip = file.read_bytes(), isal_zlib.decompressobj(wbits=_GZIP)
            sha256(data).digest()
            for at in range(0, len(data), _PIECE_BYTES):
                self._lines += gunzip.decompress(data[at : at + _PIECE_BYTES]).count(b"\n")

    def records(self) -> int:
        return self._lines
