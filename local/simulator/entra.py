"""Entra's token endpoint, for the app that other tenants consent to: a managed identity's token in exchange for theirs.

Sources: "Configure an application to trust a managed identity" (Entra workload ID); "Microsoft identity platform and
the OAuth 2.0 client credentials flow", third case, for the request; "authentication and authorization error codes" and
the pages named below for the refusals' words.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.simulator.faults import Faults
from local.simulator.graph import Graph

AUDIENCE: Final = "api://AzureADTokenExchange"
"""What an identity's token must be for, to be exchanged in the public cloud."""
APP_ID: Final = "00000000-0000-4000-8000-00000000bbbb"
"""The multi-tenant app that trusts the identity."""

_LIFETIME: Final = timedelta(hours=1)
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Assertions:
    """The identity's own tokens for the exchange, as its endpoint issued them."""

    def __init__(self) -> None:
        self._ends: dict[str, datetime] = {}

    def issue(self, ends: datetime) -> str:
        """A new one."""
        text = f"simulated.assertion.{uuid4().hex}"
        self._ends[text] = ends
        return text

    def end_of(self, given: str) -> datetime | None:
        """When it ends; None for one that was not issued here."""
        return next((ends for text, ends in self._ends.items() if hmac.compare_digest(text, given)), None)


@dataclass(frozen=True, slots=True)
class _No:
    """A refusal in Entra's words."""

    status: int
    error: str
    number: int
    words: str


class EntraEndpoint:
    """``POST /{tenant}/oauth2/v2.0/token``.

    Args:
        graph: whose tenants there are, and whose tokens are issued.
        assertions: what its identity endpoint issued.
        now: tells the time, aware.
    """

    def __init__(self, graph: Graph, assertions: Assertions, now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._assertions = assertions
        self._now = now
        self.issued: Counter[str] = Counter()
        """Tokens by tenant."""
        self.refused: Counter[str] = Counter()

    def app(self) -> Starlette:
        """To be served over TLS: azure-identity speaks to no other."""
        return Starlette(routes=[Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"])])

    async def token(self, request: Request) -> Response:
        """Check, and issue."""
        tenant = request.path_params["tenant"]
        form = dict(parse_qsl((await request.body()).decode()))
        no = self._judge(tenant, form)
        if no is not None:
            self.refused[tenant] += 1
            return JSONResponse(self._body(no), status_code=no.status)
        self.issued[tenant] += 1
        roles: list[str] | None = [] if _faults(self._graph.faults, tenant) == "no permissions" else None
        token = self._graph.issue_token(tenant, roles, app_id=APP_ID)
        seconds = int(_LIFETIME.total_seconds()) - 1
        return JSONResponse(
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
        )

    def _judge(self, tenant: str, form: Mapping[str, str]) -> _No | None:
        if tenant not in self._graph.tenants:
            return _No(400, "invalid_request", 90002, f"Tenant '{tenant}' not found. Check to make sure you have the "
                       "correct tenant ID and are signing into the correct cloud.")  # fmt: skip
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            return _No(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        return self._judge_app(tenant, form) or self._judge_assertion(form) or self._judge_scope(tenant, form)

    def _judge_app(self, tenant: str, form: Mapping[str, str]) -> _No | None:
        app, consent = form.get("client_id", ""), _faults(self._graph.faults, tenant)
        if consent == "unavailable":
            return _No(503, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
        if app != APP_ID or consent == "missing":
            return _No(400, "unauthorized_client", 700016, f"Application with identifier '{app}' was not found in the "
                       f"directory '{tenant}'. This can happen if the application has not been installed by the "
                       "administrator of the tenant or consented to by any user in the tenant.")  # fmt: skip
        if consent == "no principal":  # microsoft/teams.ts troubleshooting
            return _No(401, "invalid_client", 7000229, f"The client application {app} is missing service principal in "
                       f"the tenant {tenant}.")  # fmt: skip
        if consent == "refused":
            return _No(400, "invalid_grant", 65001, "The user or administrator has not consented to use the "
                       f"application with ID '{app}' named 'security-export'.")  # fmt: skip
        return None

    def _judge_assertion(self, form: Mapping[str, str]) -> _No | None:
        ends = self._assertions.end_of(form.get("client_assertion", ""))
        if ends is None:
            return _No(401, "invalid_client", 700213, "No matching federated identity record found for presented "
                       "assertion subject.")  # fmt: skip
        if ends <= self._now():
            return _No(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
        return None

    def _judge_scope(self, tenant: str, form: Mapping[str, str]) -> _No | None:
        if form.get("scope") == f"{self._graph.base_url}/.default":
            return None
        return _No(400, "invalid_resource", 500011, f"The resource principal named {form.get('scope')} was not found "
                   f"in the tenant named {tenant}.")  # fmt: skip

    def _body(self, no: _No) -> dict[str, Any]:
        trace, now = str(uuid4()), f"{self._now():%Y-%m-%d %H:%M:%SZ}"
        words = f"AADSTS{no.number}: {no.words} Trace ID: {trace} Correlation ID: {uuid4()} Timestamp: {now}"
        return {
            "error": no.error,
            "error_description": words,
            "error_codes": [no.number],
            "timestamp": now,
            "trace_id": trace,
            "error_uri": f"https://login.microsoftonline.com/error?code={no.number}",
        }


def _faults(faults: Faults, tenant: str) -> str:
    return faults.of_tenant(tenant).consent
