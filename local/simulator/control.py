"""The simulator's own endpoints: tell the truth, change the world, break it, say what was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from itertools import batched
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.simulator.courier import Courier
from local.simulator.entity_set import EntitySet, Revision
from local.simulator.faults import SourceFaults
from local.simulator.graph import Graph
from local.simulator.journal import Journal
from local.simulator.sources import SOURCES
from local.simulator.subscription_control import SubscriptionControl, switches

_LINES_AT_ONCE = 2000

type _Endpoint = Callable[[Request], Awaitable[Response]]


class Control:
    """Endpoints under ``/simulator/``; ``?tenant=`` names the tenant, the first one by default."""

    def __init__(self, graph: Graph, journal: Journal, courier: Courier, now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._journal = journal
        self._now = now
        self._subscriptions = SubscriptionControl(graph, courier, self._set)

    def routes(self) -> list[Route]:
        """All of them."""
        table: list[tuple[str, str, _Endpoint]] = [
            ("GET", "/truth/{source}", self._truth),
            ("GET", "/current/{source}", self._current),
            ("POST", "/create", self._create),
            ("POST", "/change", self._change),
            ("POST", "/amend", self._amend),
            ("POST", "/remove", self._remove),
            *self._subscriptions.table(),
            ("GET", "/faults/{source}", self._show_faults),
            ("PUT", "/faults/{source}", self._set_faults),
            ("DELETE", "/faults/{source}", self._clear_faults),
            ("PUT", "/throttle", self._set_throttle),
            ("GET", "/requests", self._requests),
            ("DELETE", "/requests", self._forget_requests),
        ]
        return [Route(f"/simulator{path}", _explained(call), methods=[method]) for method, path, call in table]

    async def _truth(self, request: Request) -> Response:
        return _ndjson(self._set(request, request.path_params["source"]).revisions())

    async def _current(self, request: Request) -> Response:
        return _ndjson(self._set(request, request.path_params["source"]).current())

    async def _create(self, request: Request) -> Response:
        """``{"source", "at"?, "product"?, "id"?}``."""
        asked = await request.json()
        records, at = self._set(request, asked["source"]), asked.get("at", self._now())
        record_id = records.create(at, product=asked.get("product"), id=asked.get("id"))
        return JSONResponse(records.revision(record_id)._asdict(), status_code=201)

    async def _change(self, request: Request) -> Response:
        """``{"source", "count", "seed"}``."""
        asked = await request.json()
        records = self._set(request, asked["source"])
        changed = records.change(asked["count"], seed=asked["seed"], at=self._now())
        return JSONResponse([revision._asdict() for revision in changed])

    async def _amend(self, request: Request) -> Response:
        """``{"source", "id", "fields"}``: no new revision; a score of -1, an empty comparison."""
        asked = await request.json()
        self._set(request, asked["source"]).amend(asked["id"], asked["fields"])
        return Response(status_code=204)

    async def _remove(self, request: Request) -> Response:
        """``{"source", "id"}``."""
        asked = await request.json()
        self._set(request, asked["source"]).remove(asked["id"])
        return Response(status_code=204)

    async def _show_faults(self, request: Request) -> Response:
        faults = asdict(self._graph.faults[request.path_params["source"]])
        return JSONResponse(faults | {"poison": sorted(faults["poison"])})

    async def _set_faults(self, request: Request) -> Response:
        """The switches that are not as they should be; the others are well."""
        self._graph.faults[request.path_params["source"]] = switches(await request.json(), SourceFaults)
        return Response(status_code=204)

    async def _clear_faults(self, request: Request) -> Response:
        self._graph.faults[request.path_params["source"]] = SourceFaults()
        return Response(status_code=204)

    async def _set_throttle(self, request: Request) -> Response:
        """``{"requests_per_minute": 150}``, or null to lift it."""
        asked = msgspec.convert(await request.json(), dict[str, int | None])
        self._graph.faults.requests_per_minute = asked["requests_per_minute"]
        return Response(status_code=204)

    async def _requests(self, request: Request) -> Response:
        """``?last=``: how many requests beside the counts."""
        return JSONResponse(self._journal.report(int(request.query_params.get("last", "100"))))

    async def _forget_requests(self, _request: Request) -> Response:
        self._journal.clear()
        return Response(status_code=204)

    def _set(self, request: Request, source: str) -> EntitySet:
        tenant_id = request.query_params.get("tenant", next(iter(self._graph.tenants)))
        return self._graph.tenants[tenant_id][SOURCES[source].name]


def _explained(call: _Endpoint) -> _Endpoint:
    """Answer 400 with the reason instead of 500 when a person asks for what cannot be."""

    async def endpoint(request: Request) -> Response:
        try:
            return await call(request)
        except (KeyError, ValueError, TypeError) as problem:
            return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, status_code=400)

    return endpoint


def _ndjson(revisions: Iterable[Revision]) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        for batch in batched(revisions, _LINES_AT_ONCE, strict=False):
            rows: list[dict[str, Any]] = [revision._asdict() for revision in batch]
            yield b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            await asyncio.sleep(0)

    return StreamingResponse(lines(), media_type="application/x-ndjson")
