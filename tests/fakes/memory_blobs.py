"""``Blobs`` in memory, as strict as Azure, with a clock and hooks for crashes and interleavings."""

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.clock import Clock
from shared.errors import StorageConflict
from shared.storage.blobs import Properties, Stored

type Hook = Callable[[str, str], None]
"""Called with the operation (a method's name, such as ``commit``) and the blob's name (or prefix)."""

CHUNK_BYTES = 4 * 1024 * 1024


@dataclass
class _Lease:
    id: str
    seconds: int
    ends: datetime


@dataclass
class _Blob:
    data: bytes
    etag: str
    metadata: dict[str, str]
    lease: _Lease | None = None


class MemoryBlobs:
    """One container in memory, safe for threads.

    ``before`` and ``after`` run around every operation, outside the lock, so they may switch workers or
    call this object. One that raises in ``before`` is a request that never arrived; in ``after`` it is
    an answer that got lost although the thing was done. An operation that fails has no ``after``.
    ``chunks`` and ``names`` do it all when their first item is asked for.
    """

    def __init__(self, clock: Clock, *, before: Hook | None = None, after: Hook | None = None) -> None:
        self.before = before
        self.after = after
        self._clock = clock
        self._lock = threading.Lock()
        self._blobs: dict[str, _Blob] = {}
        self._staged: dict[str, dict[str, bytes]] = {}
        """Uncommitted blocks by name and id, all writers' together."""
        self._etags = itertools.count(1)

    def read(self, name: str) -> Stored | None:
        with self._operation("read", name):
            blob = self._blobs.get(name)
            return Stored(blob.data, blob.etag) if blob else None

    def properties(self, name: str) -> Properties | None:
        with self._operation("properties", name):
            blob = self._blobs.get(name)
            return Properties(len(blob.data), blob.etag, dict(blob.metadata)) if blob else None

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._operation("chunks", name):
            data = self._existing(name).data
        for start in range(0, len(data), CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]

    def names(self, prefix: str) -> Iterator[str]:
        with self._operation("names", prefix):
            found = sorted(name for name in self._blobs if name.startswith(prefix))
        yield from found

    def create(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> str:
        with self._operation("create", name):
            self._must_be_free(name)
            return self._write(name, data, metadata or {})

    def replace(self, name: str, data: bytes, *, etag: str, lease_id: str) -> str:
        with self._operation("replace", name):
            blob = self._blobs.get(name)
            if blob is None or blob.etag != etag:
                raise StorageConflict(f"memory/{name}: it is not the one that was read (ConditionNotMet)")
            self._must_hold(name, lease_id)
            return self._write(name, data, {})

    def put(self, name: str, data: bytes) -> None:
        with self._operation("put", name):
            if self._held(name):
                raise StorageConflict(f"memory/{name}: it is under a lease (LeaseIdMissing)")
            self._write(name, data, {})

    def stage(self, name: str, block_id: str, data: bytes) -> None:
        with self._operation("stage", name):
            blocks = self._staged.setdefault(name, {})
            if any(len(other) != len(block_id) for other in blocks):
                raise HttpResponseError(f"memory/{name}: block ids of two lengths (InvalidBlobOrBlock)")
            blocks[block_id] = data

    def commit(
        self, name: str, block_ids: Sequence[str], metadata: Mapping[str, str], *, over: str | None = None
    ) -> None:
        with self._operation("commit", name):
            if over is None:
                self._must_be_free(name)
            elif name not in self._blobs or self._blobs[name].etag != over:
                raise StorageConflict(f"memory/{name}: it is not the one that was read (ConditionNotMet)")
            blocks = self._staged.get(name, {})
            if missing := [block_id for block_id in block_ids if block_id not in blocks]:
                raise HttpResponseError(f"memory/{name}: {missing} not staged (InvalidBlockList)")
            self._write(name, b"".join(blocks[block_id] for block_id in block_ids), metadata)

    def lease(self, name: str, seconds: int) -> "MemoryLease | None":
        with self._operation("lease", name):
            if not 15 <= seconds <= 60:
                raise HttpResponseError(f"memory/{name}: a lease of {seconds} s (InvalidHeaderValue)")
            blob = self._existing(name)
            if self._held(name):
                return None
            blob.lease = _Lease(str(uuid.uuid4()), seconds, self._clock.now() + timedelta(seconds=seconds))
            return MemoryLease(self, name, blob.lease.id)

    def renew(self, name: str, lease_id: str) -> None:
        """What ``MemoryLease.renew`` does; an expired lease that nobody took since is renewed, as on Azure."""
        with self._operation("renew", name):
            lease = self._own_lease(name, lease_id)
            if lease is None:
                raise StorageConflict(f"memory/{name}: the lease is lost (LeaseIdMismatchWithLeaseOperation)")
            lease.ends = self._clock.now() + timedelta(seconds=lease.seconds)

    def release(self, name: str, lease_id: str) -> None:
        """What ``MemoryLease.release`` does."""
        with self._operation("release", name):
            if self._own_lease(name, lease_id) is not None:
                self._blobs[name].lease = None

    @contextmanager
    def _operation(self, operation: str, name: str) -> Iterator[None]:
        if self.before:
            self.before(operation, name)
        with self._lock:
            yield
        if self.after:
            self.after(operation, name)

    def _existing(self, name: str) -> _Blob:
        if name not in self._blobs:
            raise ResourceNotFoundError(f"memory/{name}: there is no such blob (BlobNotFound)")
        return self._blobs[name]

    def _must_be_free(self, name: str) -> None:
        if name in self._blobs:
            raise StorageConflict(f"memory/{name}: there is one already (BlobAlreadyExists)")

    def _must_hold(self, name: str, lease_id: str) -> None:
        held = self._held(name)
        if held is None or held.id != lease_id:
            raise StorageConflict(f"memory/{name}: the lease is lost (LeaseIdMismatchWithBlobOperation)")

    def _held(self, name: str) -> _Lease | None:
        """The lease on a blob that has not expired."""
        blob = self._blobs.get(name)
        return blob.lease if blob and blob.lease and self._clock.now() < blob.lease.ends else None

    def _own_lease(self, name: str, lease_id: str) -> _Lease | None:
        """The lease with this id, expired or not, unless somebody else has taken the blob since."""
        blob = self._blobs.get(name)
        return blob.lease if blob and blob.lease and blob.lease.id == lease_id else None

    def _write(self, name: str, data: bytes, metadata: Mapping[str, str]) -> str:
        for key, value in metadata.items():
            if not (key.isidentifier() and value.isascii()):
                raise HttpResponseError(f"memory/{name}: metadata {key}={value!r} (InvalidMetadata)")
        etag = f'"0x{next(self._etags):X}"'
        # A write keeps a lease that is held, ends an expired one for good, and discards what is staged.
        self._blobs[name] = _Blob(data, etag, dict(metadata), self._held(name))
        self._staged.pop(name, None)
        return etag


@dataclass(frozen=True)
class MemoryLease:
    """A ``BlobLease`` in memory."""

    blobs: MemoryBlobs
    name: str
    id: str

    def renew(self) -> None:
        self.blobs.renew(self.name, self.id)

    def release(self) -> None:
        self.blobs.release(self.name, self.id)
