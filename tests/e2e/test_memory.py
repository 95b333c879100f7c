"""Memory is bounded by the pages in flight, not by the number of alerts."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from local import stack
from local.azurite import Azurite
from tests.e2e.blobs import exported

KIB_PER_MB = 1000
MOST_MORE_MB = 50


@pytest.mark.timeout(400)
def test_a_hundred_times_the_alerts_need_hardly_more_memory(azurite: Azurite, tmp_path: Path) -> None:
    """The peak of exporting 200,000 alerts is within 50 MB of that of 2,000, each in a process of its own."""
    small = peak_kib(azurite, tmp_path, 2_000)
    large = peak_kib(azurite, tmp_path, 200_000)
    assert large - small < MOST_MORE_MB * KIB_PER_MB


def peak_kib(azurite: Azurite, logs: Path, alerts: int) -> int:
    """The peak resident memory of a process that exports so many alerts of two days."""
    containers = {
        name: f"{name.lower().replace('_', '-')}-{alerts}" for name in ("EXPORT_CONTAINER", "STATE_CONTAINER")
    }
    make_containers(azurite, *containers.values())
    with stack.simulator(secret="identity", data={"alerts": alerts, "days": 2}, logs=logs) as graph:  # noqa: S106
        requests.put(f"{graph.url}/simulator/throttle", json={"requests_per_minute": None}, timeout=10)
        environment = {
            "TENANT_ID": stack.TENANT,
            "GRAPH_BASE_URL": graph.url,
            "IDENTITY_ENDPOINT": f"{graph.url}/identity/token",
            "IDENTITY_HEADER": "identity",
            "EXPORT_STORAGE": azurite.connection_string,
            "AzureWebJobsStorage": azurite.connection_string,
            "EXPORT_LOOKBACK_DAYS": "3",
            "GRAPH_REQUESTS_PER_MINUTE": "60000",
            **containers,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.e2e.export_once", "alerts_v2"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    found = exported(azurite.connection_string, "alerts_v2", containers["EXPORT_CONTAINER"])
    assert len(found) == sum(found.values()) == alerts
    return int(done.stdout.splitlines()[-1])


def make_containers(azurite: Azurite, *names: str) -> None:
    from azure.storage.blob import BlobServiceClient

    client = BlobServiceClient.from_connection_string(azurite.connection_string)
    for name in names:
        client.create_container(name)
