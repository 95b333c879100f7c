"""The simulator's own endpoints for many tenants: break some of them, see what Entra was asked."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulator.entra import EntraEndpoint
from local.simulator.faults import TenantFaults
from local.simulator.graph import Graph
from local.simulator.subscription_control import switches


class _Broken(msgspec.Struct, forbid_unknown_fields=True):
    tenants: list[str]
    faults: dict[str, object]


class TenantControl:
    """Endpoints under ``/simulator/``."""

    def __init__(self, graph: Graph, entra: EntraEndpoint) -> None:
        self._graph = graph
        self._entra = entra

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/simulator/tenants", self._list, methods=["GET"]),
            Route("/simulator/tenants/faults", self._break, methods=["PUT"]),
            Route("/simulator/tenants/faults", self._mend, methods=["DELETE"]),
            Route("/simulator/entra", self._asked, methods=["GET"]),
        ]

    async def _list(self, _request: Request) -> Response:
        return JSONResponse(list(self._graph.tenants))

    async def _break(self, request: Request) -> Response:
        """``{"tenants": [...], "faults": {"consent": "missing"}}``: what is wrong with each; the rest of it is well."""
        try:
            asked = msgspec.json.decode(await request.body(), type=_Broken)
            for tenant in asked.tenants:
                self._graph.faults.tenants[tenant] = switches(asked.faults, TenantFaults)
        except (msgspec.MsgspecError, ValueError, TypeError) as problem:
            return JSONResponse({"error": str(problem)}, status_code=400)
        return Response(status_code=204)

    async def _mend(self, _request: Request) -> Response:
        self._graph.faults.tenants.clear()
        return Response(status_code=204)

    async def _asked(self, _request: Request) -> Response:
        return JSONResponse({"issued": self._entra.issued, "refused": self._entra.refused})
