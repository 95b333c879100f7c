"""A tenant whose records are updated: the app's room over the simulated Graph, with blobs and a bell."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from azure.core.exceptions import ServiceRequestError

from shared.errors import AppError
from shared.export.edges import Edges
from shared.export.requests import Refused
from shared.graph.answers import Answer
from shared.graph.client import GraphClient
from shared.resources import answering, asked
from shared.resources.outcome import status_of
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.fakes.memory_queue import MemoryQueue
from tests.simulated import TENANT, InlineExecutor, SimulatedTokens, SimulatedTransport, graph_at

VENDOR = {"provider": "SecureScore", "vendor": "Microsoft"}

CHANGES: dict[str, dict[str, Any]] = {
    "alerts_v2": {"status": "resolved", "classification": "truePositive"},
    "incidents": {"status": "resolved", "resolvingComment": "done"},
    "alerts": {"status": "resolved", "feedback": "truePositive"},
    "secureScoreControlProfiles": {"state": "ThirdParty", "comment": "another product does it"},
}
"""A change that each collection takes."""


class Wire(SimulatedTransport):
    """Notes what was sent."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []
        self.before: Callable[[str], None] = lambda _method: None

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
    ) -> Answer:
        self.before(method)
        self.sent.append((method, url, headers, body))
        return super().send(method, url, headers, body, timeout_s)

    def methods(self) -> list[str]:
        return [method for method, *_ in self.sent]


class Updated:
    """Graph, storage and the bell, with one record ``a`` in each collection."""

    def __init__(self, product: str = "IPC") -> None:
        self.clock = FakeClock()
        self.graph = graph_at(self.clock)
        for source in CHANGES:
            self.create(source, "a", product if source == "alerts" else None)
        self.blobs = MemoryBlobs(self.clock)
        self.wire = Wire(self.graph, self.clock)
        self.tokens = SimulatedTokens(self.graph)
        self.rung = 0
        self.bell_works = True
        self.per_minute = 1_000_000
        self.threads: list[int] = []

    def create(self, source: str, id_: str, product: str | None = None) -> None:
        self.graph.tenants[TENANT][source].create("2026-11-23T11:00:00Z", id=id_, product=product)

    def record(self, source: str, id_: str = "a") -> dict[str, Any]:
        """A record as Graph has it."""
        return json.loads(self.raw(source, id_))  # type: ignore[no-any-return]

    def raw(self, source: str, id_: str = "a") -> bytes:
        records = self.graph.tenants[TENANT][source]
        ordinal = records.find(id_)
        assert ordinal is not None
        return records.render(ordinal)

    def edges(self) -> Edges:
        client = GraphClient(self.graph.base_url, self.tokens, self.wire, self.clock, self.per_minute)
        no_lease: Callable[[Any], AbstractContextManager[object]] = lambda _: nullcontext()  # noqa: E731
        return Edges(
            graph=client,
            data=self.blobs,
            state=self.blobs,
            jobs=MemoryQueue(self.clock),
            clock=self.clock,
            pool=self.pool,
            keep_alive=no_lease,
        )

    def pool(self, threads: int) -> InlineExecutor:
        self.threads.append(threads)
        return InlineExecutor()

    def ring(self) -> None:
        if not self.bell_works:
            raise ServiceRequestError("no queue")
        self.rung += 1

    def patch(
        self, collection: str, body: object, id_: str | None = "a", query: str = "", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """What the function answers."""
        try:
            wanted = asked.update(
                collection=collection,
                id_=id_,
                url=f"https://app.test/api/security/{collection}/x?{query}",
                headers={name.replace("_", "-"): value for name, value in headers.items()},
                body=json.dumps(body).encode(),
                tenants=[TENANT],
                home=TENANT,
            )
        except Refused as refused:
            return refused.status, {"error": str(refused)}
        reply = answering.update_all(wanted, self.edges(), self.ring)
        return reply.status, json.loads(reply.body)

    def get(self, collection: str, id_: str | None = "a", query: str = "") -> tuple[int, bytes]:
        """What the function answers."""
        try:
            wanted = asked.reading(
                collection=collection,
                id_=id_,
                url=f"https://app.test/api/security/{collection}?{query}",
                tenants=[TENANT],
                home=TENANT,
            )
            answer = answering.read(wanted, self.edges())
        except Refused as refused:
            return refused.status, str(refused).encode()
        except AppError as error:
            return status_of(error), str(error).encode()
        return answer.status, answer.body

    def audits(self) -> list[dict[str, Any]]:
        """All audit records, in order."""
        found = (self.blobs.read(name) for name in self.blobs.names("audit/"))
        return [json.loads(stored.data) for stored in found if stored]
