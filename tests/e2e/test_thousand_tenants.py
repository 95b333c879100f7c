"""A thousand tenants at once, sixty of them in trouble: the others are complete, and the troubled are named."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.storage.blob import BlobServiceClient, ContainerClient

from local import stack
from local.azurite import azurite
from local.stack import TENANT, TENANTS_FILE, federated, many

COUNT = 1000
PROCESSES, THREADS = 2, 16
TENANTS = many(TENANT, COUNT)
SLOW, THROTTLED, REFUSED = (set(TENANTS[n : n + 20]) for n in (100, 400, 700))  # the longest to wait for first
WELL = set(TENANTS) - REFUSED - THROTTLED - SLOW
ALERTS = 2

TROUBLE: list[tuple[set[str], dict[str, Any]]] = [
    (REFUSED, {"consent": "missing"}),
    (THROTTLED, {"throttled": "4"}),
    (SLOW, {"latency_ms": 60_000}),
]


@pytest.mark.timeout(400)
def test_a_thousand_tenants_at_once(tmp_path: Path) -> None:
    """Whoever has not consented, is throttled or never answers harms no other, and none gets another's alerts."""
    ca = tmp_path / "ca.pem"
    data = {"tenants": COUNT, "alerts": ALERTS, "incidents": 0, "legacy": 0, "days": 1}
    with (
        azurite(tmp_path) as storage,
        stack.simulator(secret="identity", data=data, logs=tmp_path, entra_ca=ca) as graph,  # noqa: S106
    ):
        stack.prepare(storage.connection_string)
        with BlobServiceClient.from_connection_string(storage.connection_string) as blobs:
            blobs.get_blob_client("security-export-state", TENANTS_FILE).upload_blob("\n".join(TENANTS).encode())
        for tenants, faults in TROUBLE:
            body = {"tenants": sorted(tenants), "faults": faults}
            requests.put(f"{graph.url}/simulator/tenants/faults", json=body, timeout=10).raise_for_status()
        settings = {
            "TENANT_ID": TENANT,
            "GRAPH_BASE_URL": graph.url,
            "IDENTITY_ENDPOINT": f"{graph.url}/identity/token",
            "IDENTITY_HEADER": "identity",
            "EXPORT_STORAGE": storage.connection_string,
            "AzureWebJobsStorage": storage.connection_string,
            "EXPORT_LOOKBACK_DAYS": "1",
            "RUN_BUDGET_SECONDS": "10",
            **federated(graph, ca),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.e2e.work_queue", str(PROCESSES), str(THREADS)],
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        told = json.loads(done.stdout.splitlines()[-1])
        assert exported(storage.connection_string) == truth(graph.url)
    the_troubled_are_named(told["status"], done.stderr)


def exported(connection_string: str) -> dict[str, Counter[str]]:
    """The alerts in each tenant's folder; every one of them must say that it is that tenant's."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    container = ContainerClient.from_connection_string(connection_string, "security-export")

    def read(name: str) -> tuple[str, list[dict[str, Any]]]:
        text = gzip.decompress(container.download_blob(name).readall())
        return name.split("/")[1].removeprefix("tenant="), [json.loads(line) for line in text.splitlines()]

    with ThreadPoolExecutor(8) as pool:
        for tenant, alerts in pool.map(read, list(container.list_blob_names(name_starts_with="alerts_v2/"))):
            assert {alert["tenantId"] for alert in alerts} <= {tenant}
            found[tenant].update(alert["id"] for alert in alerts)
    return found


def truth(url: str) -> dict[str, Counter[str]]:
    """What Graph has of the tenants that are well."""
    with requests.Session() as session:

        def of(tenant: str) -> Counter[str]:
            answer = session.get(f"{url}/simulator/truth/alerts_v2", params={"tenant": tenant}, timeout=30)
            return Counter(json.loads(line)["id"] for line in answer.text.splitlines())

        return {tenant: of(tenant) for tenant in sorted(WELL)}


def the_troubled_are_named(status: dict[str, Any], log: str) -> None:
    """Counted in the summary, the worst shown, and each told by an event of its own."""
    summary = status["summary"]
    troubled = len(REFUSED | THROTTLED | SLOW)
    assert summary["tenants"] == summary["unhealthy"] == COUNT  # the daily sources wait for their own tick
    assert summary["sources"]["alerts_v2"] == {"ok": COUNT - troubled, "failing": troubled}
    shown = status["tenants"]
    assert len(shown) == 20
    assert all(of["alerts_v2"]["failure"]["reason"] in ("refused", "unavailable") for of in shown.values())
    assert set(shown) <= REFUSED | THROTTLED | SLOW
    events = [json.loads(line) for line in log.splitlines() if line.startswith('{"event": "export.failed"')]
    reasons = {event["tenant"]: event["reason"] for event in events}
    assert reasons == dict.fromkeys(REFUSED, "refused") | dict.fromkeys(THROTTLED | SLOW, "unavailable")
