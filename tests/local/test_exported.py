"""How the demo reads storage: from a real emulator, by the layout alone."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from local.exported import Arrivals, Containers
from local.proof import Revision, examine
from local.simulator.timestamps import parse
from tests.conftest import Storage
from tests.local.manifests import chained

DAY = "alerts_v2/tenant=t/date=2026-11-23"
ALERTS = [
    {"id": "x", "lastUpdateDateTime": "2026-11-23T12:00:00.5Z", "serviceSource": "microsoftSentinel"},
    {"id": "y", "lastUpdateDateTime": "2026-11-23T12:00:00.5000000Z", "serviceSource": "newFromMicrosoft"},
]
TRUTH = [
    Revision("x", parse("2026-11-23T12:00:00.5000000Z"), "Microsoft Sentinel"),
    Revision("y", parse("2026-11-23T12:00:00.5000000Z"), "newFromMicrosoft"),
]


@pytest.fixture
def account(storage: Storage) -> Iterator[BlobServiceClient]:
    """An account with an export of two alerts in two blobs."""
    with BlobServiceClient.from_connection_string(storage.connection_string) as account:
        for container in ("data", "state"):
            account.create_container(storage.name(container))
        data = account.get_container_client(storage.name("data"))
        for alert in ALERTS:
            data.upload_blob(f"{DAY}/{alert['id']}.ndjson.gz", gzip.compress(json.dumps(alert).encode() + b"\n"))
        data.upload_blob("alerts/tenant=t/other.ndjson.gz", b"another source's")
        yield account


@pytest.fixture
def containers(account: BlobServiceClient, storage: Storage, tmp_path: Path) -> Containers:
    return Containers(account, tmp_path, data=storage.name("data"), state=storage.name("state"))


def test_an_export_is_read_over(
    account: BlobServiceClient, containers: Containers, storage: Storage, tmp_path: Path
) -> None:
    """Revisions, facts of blobs and manifests come from storage; a copy stays."""
    state = account.get_container_client(storage.name("state"))
    for name, data in chained(containers.read("alerts_v2").blobs).items():
        state.upload_blob(name, data)
    exported = containers.read("alerts_v2")
    assert exported.revisions == TRUTH
    assert list(exported.blobs) == [f"{DAY}/x.ndjson.gz", f"{DAY}/y.ndjson.gz"]
    assert list(examine("alerts_v2", TRUTH, exported).problems()) == []
    copy = tmp_path / storage.name("data") / DAY / "x.ndjson.gz"
    assert json.loads(gzip.decompress(copy.read_bytes())) == ALERTS[0]


def test_a_blob_that_is_deleted_is_missed(account: BlobServiceClient, containers: Containers, storage: Storage) -> None:
    """What it held is lost."""
    account.get_container_client(storage.name("data")).delete_blob(f"{DAY}/x.ndjson.gz")
    assert examine("alerts_v2", TRUTH, containers.read("alerts_v2")).lost == TRUTH[:1]


def test_only_what_comes_later_has_arrived(account: BlobServiceClient, storage: Storage) -> None:
    """A revision counts as arrived when a blob has it that was not there before; another of its record does not."""
    arrivals = Arrivals(account, "alerts_v2", data=storage.name("data"))
    assert not arrivals.have(TRUTH[0])
    later = ALERTS[0] | {"lastUpdateDateTime": "2026-11-23T12:00:01Z"}
    data = account.get_container_client(storage.name("data"))
    data.upload_blob(f"{DAY}/later.ndjson.gz", gzip.compress(json.dumps(later).encode() + b"\n"))
    assert arrivals.have(Revision("x", parse("2026-11-23T12:00:01Z"), "Microsoft Sentinel"))
    assert not arrivals.have(TRUTH[0])
