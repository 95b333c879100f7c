"""The simulated Graph in the test's own process, behind the app's real client."""

from concurrent.futures import Executor, Future
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.simulator.graph import Graph
from local.simulator.tenant import Tenant
from local.simulator.wire import Request
from shared.graph.answers import Answer
from shared.graph.client import GraphClient, Tally
from shared.graph.lists import GraphList
from shared.graph.sources import SOURCES
from tests.fakes.clock import FakeClock

TENANT = "11111111-2222-3333-4444-555555555555"


class SimulatedTransport:
    """Graph without a network; answers as the simulator does, and takes a little time."""

    def __init__(self, graph: Graph, clock: FakeClock, seconds: float = 0.1) -> None:
        self.graph = graph
        self.seconds = seconds
        self._clock = clock

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
    ) -> Answer:
        del timeout_s
        parts = urlsplit(url)
        self._clock.advance(self.seconds)
        lower = {k.lower(): v for k, v in headers.items()}
        request = Request(method, parts.path, dict(parse_qsl(parts.query)), lower, body or b"")
        response = self.graph.answer(request)
        return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.body)


class SimulatedTokens:
    """Tokens of the simulator, with all roles or some."""

    def __init__(self, graph: Graph, roles: list[str] | None = None) -> None:
        self._graph = graph
        self.roles = roles

    def token(self, tenant: str) -> str:
        return self._graph.issue_token(tenant, self.roles)


class InlineExecutor(Executor):
    """Does at once what it is given, so that a schedule is the same every time."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        return future


def graph_at(clock: FakeClock) -> Graph:
    """An empty Graph whose request limit does not matter unless a test wants it."""
    graph = Graph(tenants={TENANT: Tenant(TENANT)}, now=clock.now)
    graph.faults.requests_per_minute = None
    return graph


def client_of(graph: Graph, clock: FakeClock, per_minute: int = 1_000_000) -> GraphClient:
    """The real client over the simulated transport."""
    return GraphClient(graph.base_url, SimulatedTokens(graph), SimulatedTransport(graph, clock), clock, per_minute)


def list_of(graph: Graph, clock: FakeClock, source: str, until: float = 1e9) -> GraphList:
    """A source's pages."""
    return GraphList(client_of(graph, clock), TENANT, SOURCES[source], Tally(), until)


def at(text: str) -> datetime:
    """A moment, such as ``2026-11-23T10:00:00Z``."""
    return datetime.fromisoformat(text)
