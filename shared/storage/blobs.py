"""What the app needs of a blob container, as a protocol.

Every write is conditional: whoever writes says what must be true, and an unmet condition is
``StorageConflict``. Names are paths inside one container.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """A small blob, whole."""

    data: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Properties:
    """What a blob says of itself without being read."""

    size: int
    """Bytes."""
    etag: str
    metadata: Mapping[str, str]


class BlobLease(Protocol):
    """An exclusive right to write one blob, for a limited time, renewable."""

    @property
    def id(self) -> str:
        """The lease id that writes to the blob must carry."""
        ...

    def renew(self) -> None:
        """Start the lease's time anew.

        Raises:
            StorageConflict: the lease is lost.
        """
        ...

    def release(self) -> None:
        """Give the lease up; one that is lost already is no error."""
        ...


class Blobs(Protocol):
    """One container."""

    def read(self, name: str) -> Stored | None:
        """The blob, or None where there is none."""
        ...

    def properties(self, name: str) -> Properties | None:
        """Size, ETag and metadata, or None where there is no such blob."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The blob's bytes in order, a few MiB at a time; the blob must exist."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin so, in order."""
        ...

    def create(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write a blob that must not exist yet, and return its ETag.

        Raises:
            StorageConflict: there is one already. A retry after a lost answer ends here, too.
        """
        ...

    def replace(self, name: str, data: bytes, *, etag: str, lease_id: str) -> str:
        """Overwrite a blob that must have this ETag and be under this lease; return the new ETag.

        Raises:
            StorageConflict: someone else wrote it, or the lease is lost.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write a blob whatever was there: for what may be lost or overwritten (marks)."""
        ...

    def stage(self, name: str, block_id: str, data: bytes) -> None:
        """Upload one block; nothing shows until it is committed. All ids of a blob have one length."""
        ...

    def commit(
        self, name: str, block_ids: Sequence[str], metadata: Mapping[str, str], *, over: str | None = None
    ) -> None:
        """Make staged blocks, in this order, a blob that must not exist yet, or that must have the ETag ``over``.

        Whoever reads meanwhile sees the old blob or the new one, whole.

        Raises:
            StorageConflict: there is one already, or another. A retry after a lost answer ends here, too.
        """
        ...

    def lease(self, name: str, seconds: int) -> BlobLease | None:
        """Take the lease of an existing blob for 15 to 60 seconds, or None where someone holds it."""
        ...
