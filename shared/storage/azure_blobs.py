"""``Blobs`` over Azure Storage: the SDK's calls, with its errors in the app's words."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (  # noqa: TID251
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    ContainerClient,
)

from shared.errors import StorageConflict
from shared.storage.blobs import Properties, Stored

_MIB: Final = 1024 * 1024

_CLIENT_OPTIONS: Final[Mapping[str, Any]] = {
    # The SDK waits 15 s before its first retry and 60 s for an answer: a lease lasts no longer than that.
    "retry_total": 3,
    "initial_backoff": 0.5,
    "increment_base": 2,
    "random_jitter_range": 0.5,
    "connection_timeout": 5,
    "read_timeout": 20,
    # The first piece of a download would be 32 MiB, and its caller streams to save memory.
    "max_single_get_size": 4 * _MIB,
    "max_chunk_get_size": 4 * _MIB,
}

_CONFLICTS: Final = frozenset(
    {
        "BlobAlreadyExists",
        "BlobImmutableDueToPolicy",  # what is written only once is there already, and held by a policy
        "BlobNotFound",  # where a certain ETag or lease was asked for
        "LeaseIdMismatchWithLeaseOperation",
        "LeaseIsBreakingAndCannotBeAcquired",
        "LeaseIsBrokenAndCannotBeRenewed",
        "LeaseNotPresentWithLeaseOperation",
    }
)
"""https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes"""

_HELD: Final = frozenset({"LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"})


def by_connection_string(connection_string: str, container: str) -> ContainerClient:
    """The container of an account that is named by a connection string, such as Azurite's."""
    return ContainerClient.from_connection_string(connection_string, container, **_CLIENT_OPTIONS)


def by_endpoint(endpoint: str, container: str, credential: TokenCredential) -> ContainerClient:
    """The container of the account at an endpoint (``https://<account>.blob.core.windows.net``)."""
    return ContainerClient(endpoint, container, credential, **_CLIENT_OPTIONS)


class AzureLease:
    """A ``BlobLease`` on Azure."""

    def __init__(self, blob: BlobClient, lease_id: str) -> None:
        self._blob = blob
        self._id = lease_id

    @property
    def id(self) -> str:
        return self._id

    def renew(self) -> None:
        with _conflicts(self._blob):
            self._client().renew()

    def release(self) -> None:
        try:
            self._client().release()
        except HttpResponseError as error:
            if not _is_conflict(error):
                raise

    def _client(self) -> BlobLeaseClient:
        # Made anew each time, since a release takes the id out of the SDK's own object.
        return BlobLeaseClient(self._blob, self._id)


class AzureBlobs:
    """``Blobs`` over one container. Safe to share between threads, as the SDK's client is.

    Errors of the SDK that are no conflict (no permission, no such container, no connection after
    the retries) pass through as they are.
    """

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def read(self, name: str) -> Stored | None:
        try:
            download = self._blob(name).download_blob()
            return Stored(download.readall(), download.properties.etag)
        except HttpResponseError as error:
            if _is_missing(error):
                return None
            raise

    def properties(self, name: str) -> Properties | None:
        try:
            found = self._blob(name).get_blob_properties()
        except HttpResponseError as error:
            if _is_missing(error):
                return None
            raise
        return Properties(found.size, found.etag, found.metadata)

    def chunks(self, name: str) -> Iterator[bytes]:
        yield from self._blob(name).download_blob().chunks()

    def names(self, prefix: str) -> Iterator[str]:
        yield from self._container.list_blob_names(name_starts_with=prefix)

    def create(self, name: str, data: bytes, metadata: Mapping[str, str] | None = None) -> str:
        blob = self._blob(name)
        with _conflicts(blob):
            written = blob.upload_blob(data, overwrite=False, metadata=dict(metadata or {}))
        return str(written["etag"])

    def replace(self, name: str, data: bytes, *, etag: str, lease_id: str) -> str:
        blob = self._blob(name)
        with _conflicts(blob):
            written = blob.upload_blob(
                data,
                overwrite=True,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
                lease=BlobLeaseClient(blob, lease_id),
            )
        return str(written["etag"])

    def put(self, name: str, data: bytes) -> None:
        blob = self._blob(name)
        with _conflicts(blob):
            blob.upload_blob(data, overwrite=True)

    def stage(self, name: str, block_id: str, data: bytes) -> None:
        self._blob(name).stage_block(block_id, data)

    def commit(
        self, name: str, block_ids: Sequence[str], metadata: Mapping[str, str], *, over: str | None = None
    ) -> None:
        blob = self._blob(name)
        blocks = [BlobBlock(block_id) for block_id in block_ids]
        # IfMissing takes no etag: the SDK would hand one on to the HTTP session.
        condition: dict[str, Any] = (
            {"etag": over, "match_condition": MatchConditions.IfNotModified}
            if over
            else {"match_condition": MatchConditions.IfMissing}
        )
        try:
            with _conflicts(blob):
                blob.commit_block_list(blocks, metadata=dict(metadata), **condition)
        except HttpResponseError as error:
            # Who commits first discards everyone's staged blocks, so a late one may miss its own.
            if _code(error) == "InvalidBlockList" and self.properties(name) is not None:
                raise _conflict(blob, error) from error
            raise

    def lease(self, name: str, seconds: int) -> AzureLease | None:
        # With an id of one's own, a retry after a lost answer takes the same lease again.
        lease = AzureLease(self._blob(name), str(uuid.uuid4()))
        try:
            self._blob(name).acquire_lease(seconds, lease_id=lease.id)
        except HttpResponseError as error:
            if _code(error) in _HELD:
                return None
            raise
        return lease

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(name)


@contextmanager
def _conflicts(blob: BlobClient) -> Iterator[None]:
    """Turn an unmet condition of a write into ``StorageConflict``."""
    try:
        yield
    except HttpResponseError as error:
        if _is_conflict(error):
            raise _conflict(blob, error) from error
        raise


def _conflict(blob: BlobClient, error: HttpResponseError) -> StorageConflict:
    return StorageConflict(
        f"Container {blob.container_name!r}, blob {blob.blob_name!r}: another worker was there first "
        f"({_code(error)}). This one stops; the next run goes on from what is stored."
    )


def _is_conflict(error: HttpResponseError) -> bool:
    return error.status_code == 412 or _code(error) in _CONFLICTS


def _is_missing(error: HttpResponseError) -> bool:
    """Whether the blob is missing; that the container is would be a fault of the deployment."""
    return _code(error) == "BlobNotFound"


def _code(error: HttpResponseError) -> str:
    """Storage's own word for the error; the SDK gives a str or an enum of str, or nothing."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code))
