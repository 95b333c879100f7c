"""The local stack: Azurite, the Graph simulator and the local host, each on a free port of 127.0.0.1.

``with Stack() as stack`` starts all three; ``azurite()``, ``simulator()`` and ``local_host()`` start one alone. What a
process writes goes to ``<logs>/<name>.log``. How their end is tied to ours: see ``local.child``.
"""

import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite, azurite
from local.child import ROOT, Child, log_folder
from local.simulator.entra import APP_ID
from local.simulator.tenant import many

__all__ = ["Azurite", "Running", "Stack", "azurite", "federated", "local_host", "many", "prepare", "simulator"]

TENANT: Final = "11111111-2222-4333-8444-555555555555"
"""The tenant of a stack that is not told another."""

# What Bicep makes in Azure.
QUEUES: Final = ("export-jobs", "graph-notifications")
CONTAINERS: Final = ("security-export", "security-export-state", "security-views")

SCHEDULES: Final = {
    "ALERTS_SCHEDULE": "0 */5 * * * *",
    "SECURE_SCORES_SCHEDULE": "0 30 6 * * *",
    "SUBSCRIPTIONS_SCHEDULE": "0 17 * * * *",
    "REPORT_SCHEDULE": "0 0 7 * * *",
    "RECONCILE_SCHEDULE": "0 45 3 * * *",
    "LATEST_SCHEDULE": "0 20 * * * *",
}
"""The host fills in ``%NAME%`` from settings alone, so these have no defaults in the app."""

TENANTS_FILE: Final = "tenants.txt"
"""The blob that lists them."""

_READY: Final = r'"url": *"([^"]+)"'
_ENTRA: Final = r'"entra": *"([^"]+)"'


@dataclass(frozen=True)
class Running:
    """A process of ours that serves HTTP."""

    url: str
    child: Child
    entra: str = ""
    """Where the simulator's Entra is, if it serves one."""


@contextmanager
def simulator(
    *,
    tenant: str = TENANT,
    secret: str = "",
    data: Mapping[str, int | str] | None = None,
    logs: Path | None = None,
    entra_ca: Path | None = None,
) -> Iterator[Running]:
    """Start the Graph simulator.

    Args:
        tenant: whose data it has.
        secret: what its identity endpoint wants to see; ``IDENTITY_HEADER`` of the app.
        data: its options without the dashes, such as ``{"seed": 7, "alerts": 1000, "cache-pages": 0}``.
        logs: the folder for its log; a temporary one without it.
        entra_ca: serve Entra over TLS, too, and write the PEM of whom to trust here.

    Raises:
        ChildFailed: it did not start.
    """
    data = {**(data or {}), **({"entra-ca": str(entra_ca)} if entra_ca else {})}
    options = [f"--{name}={value}" for name, value in data.items()]
    command = [sys.executable, "-m", "local.simulator", "--port=0", f"--tenant={tenant}", *options]
    environment = {"IDENTITY_HEADER": secret, "PYTHONUNBUFFERED": "1"}
    with (
        log_folder(logs) as folder,
        Child("simulator", command, log=folder / "simulator.log", env=environment) as child,
    ):
        yield Running(child.wait_for(_READY), child, child.wait_for(_ENTRA) if entra_ca else "")


@contextmanager
def local_host(
    settings: Mapping[str, str], *, app: Path = ROOT, options: tuple[str, ...] = (), logs: Path | None = None
) -> Iterator[Running]:
    """Start the local host with these app settings and command-line options.

    Raises:
        ChildFailed: the app cannot run; the message ends with the host's own.
    """
    with log_folder(logs) as folder:
        child = _start_host(settings, app, options, folder)
        with child:
            yield Running(child.wait_for(_READY), child)


class Stack:
    """All three, wired to each other; the host alone can be killed and started again, on the same port.

    Attributes:
        azurite: the storage, with the queues and containers that Bicep makes in Azure.
        simulator: Graph and the identity endpoint.
        settings: what the host is started with; a change counts from the next start.
        logs: the folder of their logs.
        host_url: where the host is, known before it runs.
    """

    azurite: Azurite
    simulator: Running
    settings: dict[str, str]
    logs: Path

    def __init__(
        self,
        *,
        app: Path = ROOT,
        tenant: str = TENANT,
        tenants: int = 1,
        data: Mapping[str, int | str] | None = None,
        settings: Mapping[str, str | None] | None = None,
        host_options: tuple[str, ...] = (),
        logs: Path | None = None,
    ) -> None:
        """Say what to start; nothing runs before ``with``.

        Args:
            app: folder of the function app.
            tenant: ``TENANT_ID``, and the simulator's.
            tenants: so many, that one the first. With others, Entra is simulated, too, and ``TENANTS`` is a blob.
            data: options of the simulator (see ``simulator``).
            settings: app settings beside or instead of the stack's own; None takes one away.
            host_options: options of the local host, such as ``("--no-timers", "--message-lease=5")``.
            logs: folder for the logs; a temporary one without it.
        """
        self._app = app
        self._tenant = tenant
        self._tenants = many(tenant, tenants)
        self._data = data
        self._overrides = settings or {}
        self._port = _free_port()
        self._host_options = (*host_options, f"--port={self._port}")
        self._wanted_logs = logs
        self._host: Child | None = None
        self._cleanup = ExitStack()

    @property
    def host_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def host(self) -> Child:
        """The host's process: the one that runs, or the one that ended last."""
        if self._host is None:
            raise RuntimeError("the stack was not started")
        return self._host

    def __enter__(self) -> Self:
        with self._cleanup:  # whatever fails below, what has started is stopped
            self.logs = self._cleanup.enter_context(log_folder(self._wanted_logs))
            self.azurite = self._cleanup.enter_context(azurite(self.logs))
            prepare(self.azurite.connection_string)
            secret = secrets.token_urlsafe()
            ca = self.logs / "entra-ca.pem" if len(self._tenants) > 1 else None
            data = {**(self._data or {}), "tenants": len(self._tenants)}
            self.simulator = self._cleanup.enter_context(
                simulator(tenant=self._tenant, secret=secret, data=data, logs=self.logs, entra_ca=ca)
            )
            others = federated(self.simulator, ca) if ca else {}
            if others:
                self.write_tenants("\n".join(self._tenants))
            wanted: dict[str, str | None] = {**self._own_settings(secret), **others, **self._overrides}
            self.settings = {name: value for name, value in wanted.items() if value is not None}
            self._cleanup.callback(self.stop_host)
            self.start_host()
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def start_host(self) -> None:
        """Start the host, and wait until it serves."""
        self._host = _start_host(self.settings, self._app, self._host_options, self.logs)
        self.host.wait_for(_READY)

    def stop_host(self) -> None:
        """Stop the host in order: what runs may finish."""
        if self._host is not None and self._host.returncode is None:
            self._host.stop()

    def kill_host(self) -> None:
        """End the host as a crash would: SIGKILL, nothing is finished."""
        self.host.kill()

    def write_tenants(self, text: str) -> None:
        """Put another list in place of ``TENANTS``."""
        with BlobServiceClient.from_connection_string(self.azurite.connection_string) as blobs:
            blobs.get_blob_client(CONTAINERS[1], TENANTS_FILE).upload_blob(text.encode(), overwrite=True)

    def _own_settings(self, secret: str) -> dict[str, str]:
        return SCHEDULES | {
            "TENANT_ID": self._tenant,
            "GRAPH_BASE_URL": self.simulator.url,
            "IDENTITY_ENDPOINT": f"{self.simulator.url}/identity/token",
            "IDENTITY_HEADER": secret,
            "EXPORT_STORAGE": self.azurite.connection_string,
            "AzureWebJobsStorage": self.azurite.connection_string,
            "NOTIFICATION_URL": f"{self.host_url}/api/notifications",
            "LIFECYCLE_URL": f"{self.host_url}/api/lifecycle",
            "NOTIFICATION_CLIENT_STATE": secrets.token_urlsafe(),
        }


def federated(simulator: Running, ca: Path) -> dict[str, str]:
    """The settings that reach tenants besides the first; all but two are azure-identity's and requests' own."""
    return {
        "TENANTS": f"blob:{TENANTS_FILE}",
        "MULTITENANT_CLIENT_ID": APP_ID,
        "AZURE_AUTHORITY_HOST": simulator.entra,
        "REQUESTS_CA_BUNDLE": str(ca),
    }


def prepare(connection_string: str) -> None:
    """Make the queues and containers that Bicep makes in Azure."""
    with QueueServiceClient.from_connection_string(connection_string) as queues:
        for queue in QUEUES:
            with suppress(ResourceExistsError):
                queues.create_queue(queue)
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        for container in CONTAINERS:
            with suppress(ResourceExistsError):
                blobs.create_container(container)


def _start_host(settings: Mapping[str, str], app: Path, options: tuple[str, ...], logs: Path) -> Child:
    command = [sys.executable, "-m", "local.host", f"--app={app}", *options]
    return Child("host", command, log=logs / "host.log", env={"PYTHONUNBUFFERED": "1", **settings})


def _free_port() -> int:
    """A port that was free a moment ago: the host's own URL is among its settings, so it is chosen before."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
