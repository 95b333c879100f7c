"""What a tick costs by the number of tenants: each has little news, as most have at most times."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from bench.report import Ratio, Section
from local import stack
from local.azurite import azurite
from local.child import ROOT

_COUNTS = (10, 100)
_FULL = (*_COUNTS, 1000)
_ALERTS = 5
_SLOWEST_S = 1800


def tenants(*, full: bool) -> Section:
    """A tick over 10, 100 and, where there is time, 1,000 tenants."""
    measured = {count: _measure(count) for count in (_FULL if full else _COUNTS)}
    few, many = measured[min(measured)], measured[max(measured)]
    rows = [
        [
            f"{count:,}",
            f"{one['sent_s']:.2f}",
            f"{one['tick_s']:.1f}",
            f"{one['tick_s'] / count * 1000:.0f}",
            f"{one['cpu_s'] / count * 1000:.0f}",
            f"{one['messages'] / count:.1f}",
            f"{one['storage'] / count:.1f}",
            f"{one['graph'] / count:.1f}",
            f"{one['entra'] / count:.1f}",
            f"{one['status_s']:.1f}",
        ]
        for count, one in measured.items()
    ]
    most, least = max(measured), min(measured)
    what = f"storage operations of a tick per tenant: {most:,} / {least:,} tenants"
    grown = (many["storage"] / most) / (few["storage"] / least)
    return Section(
        "Many tenants",
        f"`export_alerts` and all its jobs, eight at once in one process, without a host. Each tenant has {_ALERTS} "
        "alerts, exported before, and one that changed. A storage operation is one HTTP request, those of the queue "
        "included; tokens are there already.",
        (
            *("tenants", "messages sent after s", "all done after s", "ms a tenant", "CPU ms a tenant"),
            *("messages a tenant", "storage operations a tenant", "requests to Graph a tenant"),
            *("to Entra a tenant", "status s"),
        ),
        rows,
        (Ratio(what, grown, grown, at_most=1.1),),
    )


def _measure(count: int) -> dict[str, float]:
    """Set the stage with so many tenants, and let a process of its own work on it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, azurite() as storage:
        folder, secret = Path(name), secrets.token_urlsafe()
        stack.prepare(storage.connection_string)
        with BlobServiceClient.from_connection_string(storage.connection_string) as blobs:
            listed = "\n".join(stack.many(stack.TENANT, count)).encode()
            blobs.get_blob_client("security-export-state", stack.TENANTS_FILE).upload_blob(listed)
        data = {"tenants": count, "alerts": _ALERTS, "incidents": 0, "legacy": 0, "days": 1}
        ca = folder / "ca.pem"
        with stack.simulator(secret=secret, data=data, logs=folder, entra_ca=ca) as graph:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", name),
                "TENANT_ID": stack.TENANT,
                "GRAPH_BASE_URL": graph.url,
                "IDENTITY_ENDPOINT": f"{graph.url}/identity/token",
                "IDENTITY_HEADER": secret,
                "EXPORT_STORAGE": storage.connection_string,
                "AzureWebJobsStorage": storage.connection_string,
                "EXPORT_LOOKBACK_DAYS": "1",
                **stack.federated(graph, ca),
            }
            done = subprocess.run(
                [sys.executable, "-m", "bench.tick"],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                timeout=_SLOWEST_S,
                check=False,
            )
    if done.returncode:
        raise RuntimeError(f"the tick failed:\n{done.stderr.decode(errors='replace')}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured
