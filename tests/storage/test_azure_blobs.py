"""``AzureBlobs`` where only a real service differs: lost answers, missing containers, its own order of checks."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.storage.blob import ContainerClient

from shared.errors import StorageConflict
from shared.storage.azure_blobs import AzureBlobs, by_connection_string, by_endpoint
from tests.conftest import Storage


class Wire(RequestsTransport):  # type: ignore[misc]  # azure-core does not annotate it
    """The SDK's transport, which a test can make lose answers."""

    lose_answers = 0

    def send(self, request: Any, **options: Any) -> Any:
        answer = super().send(request, **options)
        if self.lose_answers:
            self.lose_answers -= 1
            raise ServiceResponseError("the connection broke before the answer")
        return answer


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(storage: Storage, wire: Wire) -> Iterator[ContainerClient]:
    with ContainerClient.from_connection_string(
        storage.connection_string,
        storage.name("blobs"),
        transport=wire,
        initial_backoff=0,
        increment_base=0,
        random_jitter_range=0,
    ) as client:
        client.create_container()
        yield client


@pytest.fixture
def blobs(client: ContainerClient) -> AzureBlobs:
    return AzureBlobs(client)


def test_a_lease_whose_answer_was_lost_is_taken_all_the_same(blobs: AzureBlobs, wire: Wire) -> None:
    """The retry proposes the same id; with an id of the service's choice nobody would hold the lease."""
    etag = blobs.create("state", b"one")
    wire.lose_answers = 1
    lease = blobs.lease("state", 15)
    assert lease is not None
    blobs.replace("state", b"two", etag=etag, lease_id=lease.id)


def test_a_commit_whose_answer_was_lost_is_a_conflict(blobs: AzureBlobs, wire: Wire) -> None:
    """The retry finds the blob there, and the caller finds out that it is its own."""
    blobs.stage("window", "run1-0000", b"one")
    wire.lose_answers = 1
    with pytest.raises(StorageConflict):
        blobs.commit("window", ["run1-0000"], {})
    assert list(blobs.chunks("window")) == [b"one"]


def test_blocks_that_a_faster_writer_discarded_are_a_conflict(storage: Storage, blobs: AzureBlobs) -> None:
    """Should a service look at the block list before the condition, the blob that is there still decides."""
    blobs.stage("window", "run1-0000", b"one")
    blobs.stage("window", "run2-0000", b"two")
    blobs.commit("window", ["run2-0000"], {})

    def without_condition(request: Any) -> None:
        request.http_request.headers.pop("If-None-Match", None)

    with (
        ContainerClient.from_connection_string(
            storage.connection_string, storage.name("blobs"), raw_request_hook=without_condition
        ) as client,
        pytest.raises(StorageConflict, match="InvalidBlockList"),
    ):
        AzureBlobs(client).commit("window", ["run1-0000"], {})


def test_a_missing_container_is_not_a_missing_blob(storage: Storage) -> None:
    """It is a fault of the deployment; None would make the export begin anew."""
    with by_connection_string(storage.connection_string, storage.name("none")) as client:
        blobs = AzureBlobs(client)
        with pytest.raises(ResourceNotFoundError):
            blobs.read("state")
        with pytest.raises(ResourceNotFoundError):
            blobs.properties("state")


def test_retries_are_quicker_than_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """All waits of one call together are far below the 60 seconds that a lease lasts at most."""
    waits: list[float] = []
    monkeypatch.setattr(HttpTransport, "sleep", lambda _, seconds: waits.append(seconds))
    # Port 1 of this machine refuses connections.
    nowhere = "AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a"
    with (
        by_connection_string(nowhere, "blobs") as client,
        pytest.raises(ServiceRequestError),
    ):
        AzureBlobs(client).read("state")
    assert len(waits) == 3
    assert sum(waits) < 20


def test_the_endpoint_names_account_and_container() -> None:
    """The endpoint is the account's; a trailing slash does no harm."""

    class Nobody:
        def get_token(self, *scopes: str, **_: Any) -> Any: ...

    for endpoint in ("https://acme.blob.core.windows.net", "https://acme.blob.core.windows.net/"):
        with by_endpoint(endpoint, "security-export", Nobody()) as client:
            assert client.url == "https://acme.blob.core.windows.net/security-export"
