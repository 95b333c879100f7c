"""The app and the empty app, each in a local host of its own, with the same storage."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from azure.storage.queue import QueueClient

from bench.webhook import posts
from bench.webhook.load import Answers, Target
from bench.webhook.processes import cpu_s
from local.child import ROOT, Child
from local.stack import Azurite, Stack, local_host

_QUEUE: Final = "graph-notifications"
_EMPTY_APP: Final = ROOT / "bench" / "empty_app"
_UNCONSUMED: Final = {
    "AzureWebJobs.process_notifications.Disabled": "true",
    "AzureWebJobs.run_export_job.Disabled": "true",
}


@dataclass(frozen=True)
class Load:
    """One load on one endpoint: the answers, and the CPU time that a POST took."""

    answers: Answers
    host_ms: float
    storage_ms: float
    generator_ms: float
    left: int
    """How many more messages were on the queue at the end."""


@dataclass(frozen=True)
class Endpoint:
    """A function that can be posted to."""

    host: Child
    azurite: Azurite
    target: Target
    queued: int
    """How many messages a POST must leave on the queue: 0 where there are none, or they are consumed meanwhile."""

    def under(self, load: Callable[[Target], Answers]) -> Load:
        """Put it under load.

        What lies on the queue stays there: Azurite's garbage collection, once a minute, stops everything for
        seconds after thousands of messages were removed.

        Raises:
            RuntimeError: an accepted notification is not on the queue.
        """
        lay, before = self._on_queue(), self._cpu_s()
        answers = load(self.target)
        host, storage, generator = (
            (after - former) * 1000 / len(answers.seconds)
            for former, after in zip(before, self._cpu_s(), strict=True)
        )  # fmt: skip
        left = self._on_queue() - lay
        if left < answers.accepted * self.queued:
            raise RuntimeError(f"{self.target.path}: {answers.accepted} accepted, {left} on the queue")
        return Load(answers, host, storage, generator, left)

    def _cpu_s(self) -> tuple[float, float, float]:
        return cpu_s(self.host.pid), cpu_s(self.azurite.child.pid), time.process_time()

    def _on_queue(self) -> int:
        with QueueClient.from_connection_string(self.azurite.connection_string, _QUEUE) as queue:
            return queue.get_queue_properties().approximate_message_count or 0


@contextmanager
def stack(*, consuming: bool) -> Iterator[tuple[Endpoint, Azurite]]:
    """Azurite, a simulated Graph and the app; ``consuming``: it acts on what it has queued, too."""
    settings = {"NOTIFICATION_CLIENT_STATE": posts.CLIENT_STATE, "GRAPH_REQUESTS_PER_MINUTE": "60000"}
    if not consuming:
        settings |= _UNCONSUMED
    data = {"alerts": 1000, "incidents": 0, "legacy": 0}
    with Stack(settings=settings, data=data, host_options=("--no-timers",)) as running:
        queued = 0 if consuming else 1
        yield _endpoint(running.host, running.azurite, running.host_url, "notifications", queued), running.azurite


@contextmanager
def empty_app(azurite: Azurite, folder: Path) -> Iterator[tuple[Endpoint, Endpoint]]:
    """The empty function that queues, and the one that does not."""
    app = folder / "empty_app"
    app.mkdir()
    for file in (_EMPTY_APP / "function_app.py", ROOT / "host.json"):
        shutil.copy(file, app)
    settings = {"AzureWebJobsStorage": azurite.connection_string}
    with local_host(settings, app=app, options=("--no-timers",)) as running:
        queued = _endpoint(running.child, azurite, running.url, "queued", 1)
        yield queued, _endpoint(running.child, azurite, running.url, "bare", 0)


def _endpoint(host: Child, azurite: Azurite, url: str, route: str, queued: int) -> Endpoint:
    port = urlsplit(url).port
    if port is None:
        raise ValueError(f"{url} has no port")
    return Endpoint(host, azurite, Target(port, f"/api/{route}", posts.HEADERS, posts.body()), queued)
