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

__all__ = ["Azurite", "Running", "Stack", "azurite", "local_host", "prepare", "simulator"]

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

_READY: Final = r'"url": *"([^"]+)"'


@dataclass(frozen=True)
class Running:
    """A process of ours that serves HTTP."""

    url: str
    child: Child


@contextmanager
def simulator(
    *, tenant: str = TENANT, secret: str = "", data: Mapping[str, int | str] | None = None, logs: Path | None = None
) -> Iterator[Running]:
    """Start the Graph simulator.

    Args:
        tenant: whose data it has.
        secret: what its identity endpoint wants to see; ``IDENTITY_HEADER`` of the app.
        data: its options without the dashes, such as ``{"seed": 7, "alerts": 1000, "cache-pages": 0}``.
        logs: the folder for its log; a temporary one without it.

    Raises:
        ChildFailed: it did not start.
    """
    options = [f"--{name}={value}" for name, value in (data or {}).items()]
    command = [sys.executable, "-m", "local.simulator", "--port=0", f"--tenant={tenant}", *options]
    environment = {"IDENTITY_HEADER": secret, "PYTHONUNBUFFERED": "1"}
    with (
        log_folder(logs) as folder,
        Child("simulator", command, log=folder / "simulator.log", env=environment) as child,
    ):
        yield Running(child.wait_for(_READY), child)


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
        data: Mapping[str, int | str] | None = None,
        settings: Mapping[str, str | None] | None = None,
        host_options: tuple[str, ...] = (),
        logs: Path | None = None,
    ) -> None:
        """Say what to start; nothing runs before ``with``.

        Args:
            app: folder of the function app.
            tenant: ``TENANT_ID``, and the simulator's.
            data: options of the simulator (see ``simulator``).
            settings: app settings beside or instead of the stack's own; None takes one away.
            host_options: options of the local host, such as ``("--no-timers", "--message-lease=5")``.
            logs: folder for the logs; a temporary one without it.
        """
        self._app = app
        self._tenant = tenant
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
            self.simulator = self._cleanup.enter_context(
                simulator(tenant=self._tenant, secret=secret, data=self._data, logs=self.logs)
            )
            wanted: dict[str, str | None] = {**self._own_settings(secret), **self._overrides}
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
