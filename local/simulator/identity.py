"""App Service's managed identity endpoint, as azure-identity's ``ManagedIdentityCredential`` calls it.

Source: "How to use managed identities for App Service and Azure Functions", REST endpoint reference.
"""

import hmac
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.simulator.entra import AUDIENCE, Assertions
from local.simulator.graph import Graph
from local.simulator.tokens import DEFAULT_APP_ID, LIFETIME

API_VERSION = "2019-08-01"


class IdentityEndpoint:
    """Issues tokens for one tenant's identity.

    Args:
        graph: whose tokens they are.
        tenant_id: the identity's tenant.
        secret: what ``X-IDENTITY-HEADER`` must hold; empty: nobody gets a token.
        now: tells the time, aware.
        assertions: where its tokens for Entra's exchange are kept.
    """

    def __init__(
        self, graph: Graph, tenant_id: str, secret: str, now: Callable[[], datetime], assertions: Assertions
    ) -> None:
        self._graph = graph
        self._tenant_id = tenant_id
        self._secret = secret.encode()
        self._now = now
        self._roles: list[str] | None = None
        self._assertions = assertions

    async def token(self, request: Request) -> Response:
        """``GET /identity/token?api-version=2019-08-01&resource=…``."""
        given = request.headers.get("x-identity-header", "").encode()
        if not self._secret or not hmac.compare_digest(given, self._secret):
            return _refuse(401, "X-IDENTITY-HEADER is missing or wrong.")
        resource = request.query_params.get("resource")
        if request.query_params.get("api-version") != API_VERSION or not resource:
            return _refuse(400, f"api-version {API_VERSION} and a resource are required.")
        client_id = request.query_params.get("client_id", DEFAULT_APP_ID)
        if resource.rstrip("/") == self._graph.base_url:
            access_token = self._graph.issue_token(self._tenant_id, self._roles, app_id=client_id)
        elif resource.rstrip("/") == AUDIENCE:
            access_token = self._assertions.issue(self._now() + LIFETIME)
        else:
            # Of another audience: Graph will not know it.
            access_token = "simulated.for-another-resource"  # noqa: S105
        return JSONResponse(
            {
                "access_token": access_token,
                "client_id": client_id,
                "expires_on": str(int((self._now() + LIFETIME).timestamp())),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    async def grant(self, request: Request) -> Response:
        """``{"roles": ["SecurityAlert.Read.All"]}``, or null for every role: what the tokens to come carry."""
        self._roles = (await request.json())["roles"]
        return Response(status_code=204)


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)
