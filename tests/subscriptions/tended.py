"""A tenant whose subscriptions are tended, with the simulated Graph and a clock that a test moves."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.simulator.graph import Graph
from local.simulator.tenant import Tenant
from shared import instants
from shared.graph.client import GraphClient
from shared.subscriptions import state
from shared.subscriptions.graph import GraphSubscriptions
from shared.subscriptions.maintain import Maintenance
from shared.subscriptions.plan import Wanted
from shared.subscriptions.state import Memory
from shared.webhooks.notifications import read, validation_answer
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import TENANT, SimulatedTokens, SimulatedTransport

URL = "https://app.test/api/notifications?code=key"
LIFECYCLE_URL = "https://app.test/api/lifecycle?code=key"
ALERTS = Wanted("security/alerts_v2", "created,updated")


class Tended:
    """Graph, our endpoint and storage."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.graph = Graph(tenants={TENANT: Tenant(TENANT)}, now=self.clock.now, post=self.post)
        self.graph.faults.requests_per_minute = None
        self.blobs = MemoryBlobs(self.clock)
        self.wanted = [ALERTS]
        self.secrets = ["first secret"]
        self.url = URL
        self.lifecycle_url = LIFECYCLE_URL
        self.warmed: list[str] = []
        self.bells = 0
        self.received = 0

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes, _timeout_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Our webhook, as the functions do it."""
        if token := parse_qs(urlsplit(url).query).get("validationToken"):
            return 200, {"Content-Type": "text/plain"}, validation_answer(token[0]).encode()
        batch = read(body, headers["Content-Type"], client_states=self.secrets, tenants=[TENANT], received="now")
        self.received += len(batch.messages)
        return 202, {}, b""

    def maintenance(self, **changes: Any) -> Maintenance:
        transport = SimulatedTransport(self.graph, self.clock, seconds=0)
        client = GraphClient(self.graph.base_url, SimulatedTokens(self.graph), transport, self.clock, 1_000_000)
        parts: dict[str, Any] = {
            "graph": GraphSubscriptions(client, TENANT, self.clock.monotonic() + 60),
            "blobs": self.blobs,
            "clock": self.clock,
            "tenant": TENANT,
            "wanted": self.wanted,
            "notification_url": self.url,
            "lifecycle_url": self.lifecycle_url,
            "client_state": self.secrets[0],
            "warm": self.warmed.append,
            "ring": self.ring,
            "keep_alive": lambda _: nullcontext(),
        }
        return Maintenance(**(parts | changes))

    def ring(self) -> None:
        self.bells += 1

    def run(self) -> Memory | None:
        return self.maintenance().run()

    def alive(self) -> list[str]:
        """The ids of what Graph holds."""
        return [one.id for one in self.graph.notifier.register]

    def memory(self) -> Memory:
        stored = self.blobs.read(state.name(TENANT))
        assert stored
        return state.decode(stored.data)

    @property
    def now(self) -> int:
        return instants.from_datetime(self.clock.now())
