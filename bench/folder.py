"""A downloaded container: what verification asks of ``Blobs``, over files."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Never

from shared.storage.blobs import Properties, Stored

_CHUNK_BYTES = 4 * 1024 * 1024
"""As the app downloads."""


class Folder:
    """Files, named as the blobs were. It is only read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> Stored | None:
        file = self._root / name
        return Stored(file.read_bytes(), "") if file.exists() else None

    def properties(self, name: str) -> Properties | None:
        file = self._root / name
        return Properties(file.stat().st_size, "", {}) if file.exists() else None

    def chunks(self, name: str) -> Iterator[bytes]:
        with (self._root / name).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def names(self, prefix: str) -> Iterator[str]:
        below = self._root / prefix.rpartition("/")[0]
        names = (file.relative_to(self._root).as_posix() for file in below.rglob("*") if file.is_file())
        yield from sorted(name for name in names if name.startswith(prefix))

    def create(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> Never:
        raise NotImplementedError

    def replace(self, name: str, data: bytes, *, etag: str, lease_id: str) -> Never:
        raise NotImplementedError

    def put(self, name: str, data: bytes) -> Never:
        raise NotImplementedError

    def stage(self, name: str, block_id: str, data: bytes) -> Never:
        raise NotImplementedError

    def commit(
        self, name: str, block_ids: Sequence[str], metadata: Mapping[str, str], *, over: str | None = None
    ) -> Never:
        raise NotImplementedError

    def lease(self, name: str, seconds: int) -> Never:
        raise NotImplementedError
