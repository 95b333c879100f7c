"""The simulator's own endpoints for subscriptions and their notifications."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.simulator.courier import Courier, summary
from local.simulator.entity_set import EntitySet
from local.simulator.faults import SubscriptionFaults
from local.simulator.graph import Graph
from local.simulator.sources import SOURCES
from local.simulator.subscriptions.notices import LifecycleEvent

_DEFAULT_AT_ONCE = 16


class _Lifecycle(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    subscription_id: str
    event: LifecycleEvent
    pause: bool = False


class _Burst(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    count: int
    seed: int = 0
    batch: int = 1
    concurrency: int = _DEFAULT_AT_ONCE


class SubscriptionControl:
    """Shows what Graph hides, sends what Graph sends by itself, and breaks it.

    Args:
        graph: the simulated Graph.
        courier: delivers its notifications.
        entity_set: finds a source's records, in the tenant that a request names.
    """

    def __init__(self, graph: Graph, courier: Courier, entity_set: Callable[[Request, str], EntitySet]) -> None:
        self._graph = graph
        self._notifier = graph.notifier
        self._courier = courier
        self._entity_set = entity_set

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint."""
        return [
            ("GET", "/subscriptions", self._list),
            ("DELETE", "/subscriptions/{id}", self._forget),
            ("POST", "/lifecycle", self._lifecycle),
            ("POST", "/notify", self._notify),
            ("GET", "/deliveries", self._deliveries),
            ("DELETE", "/deliveries", self._forget_deliveries),
            ("GET", "/faults/subscriptions", self._show_faults),
            ("PUT", "/faults/subscriptions", self._set_faults),
            ("DELETE", "/faults/subscriptions", self._clear_faults),
        ]

    async def _list(self, _request: Request) -> Response:
        """All of all apps and tenants, with ``clientState`` and what else Graph does not tell."""
        shown: list[dict[str, Any]] = [
            each.document(secret=True)
            | {"tenantId": each.tenant_id, "paused": each.paused, "conflicts": each.conflicts}
            for each in self._notifier.subscriptions()
        ]
        return JSONResponse(shown)

    async def _forget(self, request: Request) -> Response:
        """As Graph forgets one: without a word."""
        self._notifier.register.remove(request.path_params["id"])
        return Response(status_code=204)

    async def _lifecycle(self, request: Request) -> Response:
        """``{"subscriptionId", "event", "pause"?}``."""
        asked = msgspec.json.decode(await request.body(), type=_Lifecycle)
        self._notifier.send_lifecycle(asked.subscription_id, asked.event, pause=asked.pause)
        return Response(status_code=202)

    async def _notify(self, request: Request) -> Response:
        """``{"source", "count", "seed"?, "batch"?, "concurrency"?}``: a burst, answered when it is over."""
        asked = msgspec.json.decode(await request.body(), type=_Burst)
        records = self._entity_set(request, SOURCES[asked.source].name)
        deliveries = self._notifier.burst(records, asked.count, seed=asked.seed, batch=asked.batch)
        begun = time.perf_counter()
        outcomes = await self._courier.burst(deliveries, asked.concurrency)
        elapsed = time.perf_counter() - begun
        carried = {"notifications": sum(delivery.notices for delivery in deliveries)}
        return JSONResponse(carried | summary(outcomes, elapsed))

    async def _deliveries(self, request: Request) -> Response:
        """``?last=``: how many attempts beside the counts."""
        report = self._notifier.log.report(int(request.query_params.get("last", "100")))
        return JSONResponse({"waiting": self._notifier.waiting, **report})

    async def _forget_deliveries(self, _request: Request) -> Response:
        self._notifier.log.clear()
        return Response(status_code=204)

    async def _show_faults(self, _request: Request) -> Response:
        return JSONResponse(asdict(self._graph.faults.subscriptions))

    async def _set_faults(self, request: Request) -> Response:
        """The switches that are not as they should be; the others are well."""
        self._graph.faults.subscriptions = switches(await request.json(), SubscriptionFaults)
        return Response(status_code=204)

    async def _clear_faults(self, _request: Request) -> Response:
        self._graph.faults.subscriptions = SubscriptionFaults()
        return Response(status_code=204)


def switches[T: Any](asked: dict[str, Any], kind: type[T]) -> T:
    """Switches as a person sets them.

    Raises:
        ValueError: one that does not exist, or a value that it cannot have.
    """
    if unknown := asked.keys() - kind.__dataclass_fields__.keys():
        raise ValueError(f"no such switch: {', '.join(sorted(unknown))}")
    read: T = msgspec.convert(asked, kind)
    return read
