"""The sample app in a running host, and what its tests ask of it."""

import base64
import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from local.azurite import Azurite
from local.child import Child
from local.stack import local_host

SAMPLE_APP: Final = Path(__file__).parent / "sample_app"
NEVER: Final = "0 0 0 1 1 *"
"""A schedule that no test run meets: New Year's midnight."""


def eventually[T](look: Callable[[], T | None], what: str, *, within_s: float = 15) -> T:
    """Look until there is something to see."""
    deadline = time.monotonic() + within_s
    while True:
        if seen := look():
            return seen
        assert time.monotonic() < deadline, f"{what}: not within {within_s} s"
        time.sleep(0.03)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def request(
    url: str, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request; the target goes as it is, without any client's tidying."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, [(k.lower(), v) for k, v in response.getheaders()], response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Queue:
    """A queue as the tests see it."""

    client: QueueClient

    def put(self, text: str, *, raw: bool = False) -> None:
        self.client.send_message(text if raw else base64.b64encode(text.encode()).decode())

    def take_raw(self, count: int, *, within_s: float = 15) -> list[str]:
        """The next messages as they lie there; waits until there are so many."""
        taken: list[str] = []

        def look() -> list[str] | None:
            try:
                for message in self.client.receive_messages(max_messages=count - len(taken)):
                    taken.append(message.content)
                    self.client.delete_message(message)
            except ResourceNotFoundError:  # nothing was ever put on it
                pass
            return taken if len(taken) == count else None

        return eventually(look, f"{count} messages on {self.client.queue_name}", within_s=within_s)

    def take(self, count: int = 1, *, within_s: float = 15) -> list[str]:
        """The next messages, decoded."""
        return [base64.b64decode(text).decode() for text in self.take_raw(count, within_s=within_s)]

    def length(self) -> int:
        """Messages on it, the hidden ones included."""
        return self.client.get_queue_properties().approximate_message_count or 0


@dataclass(frozen=True)
class SampleHost:
    """The sample app while it runs."""

    url: str
    child: Child
    work: Queue
    done: Queue
    ticks: Queue
    poison: Queue

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return request(self.url, method, target, body, headers)

    def get(self, target: str) -> Answer:
        return self.request("GET", target)


StartHost = Callable[..., SampleHost]


@contextmanager
def sample_host(
    azurite: Azurite, logs: Path, *options: str, settings: Mapping[str, str] | None = None, waiting: Sequence[str] = ()
) -> Iterator[SampleHost]:
    """Run the sample app on queues of its own; some messages may be waiting for it."""
    suffix = uuid.uuid4().hex[:12]
    names = {role: f"{role}-{suffix}" for role in ("work", "done", "ticks")}
    own = {
        "AzureWebJobsStorage": azurite.connection_string,
        "SLOW_SCHEDULE": NEVER,
        "QUICK_SCHEDULE": NEVER,
        **{f"{role.upper()}_QUEUE": name for role, name in names.items()},
    }
    clients = {
        role: QueueClient.from_connection_string(azurite.connection_string, name)
        for role, name in (names | {"poison": f"{names['work']}-poison"}).items()
    }
    clients["work"].create_queue()
    for message in waiting:
        Queue(clients["work"]).put(message)
    with local_host(own | dict(settings or {}), app=SAMPLE_APP, options=options, logs=logs) as running:
        yield SampleHost(running.url, running.child, **{role: Queue(client) for role, client in clients.items()})
    for client in clients.values():
        client.close()


@pytest.fixture(scope="package")
def host(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleHost]:
    """A host with no key and quiet timers, shared by the tests that leave no trace."""
    with sample_host(azurite, tmp_path_factory.mktemp("host")) as running:
        yield running
