"""The simulated Entra: who gets a token in exchange, for which tenant, and in which words it refuses."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from local.simulator.entra import APP_ID, Assertions, EntraEndpoint
from local.simulator.faults import TenantFaults
from local.simulator.graph import Graph
from local.simulator.tenant import Tenant, generated, many
from local.simulator.wire import Request as GraphRequest
from tests.simulator.world import NOON, TENANT, Clock

ONE, OTHER = many(TENANT, 2)


class World:
    """Two tenants, and an identity whose app both have consented to."""

    def __init__(self) -> None:
        self.clock = Clock()
        tenants: dict[str, Tenant] = {
            id_: generated(id_, end=NOON, alerts_v2=3, seed=n) for n, id_ in enumerate((ONE, OTHER))
        }
        self.graph = Graph(tenants=tenants, now=self.clock)
        self.assertions = Assertions()
        self.entra = EntraEndpoint(self.graph, self.assertions, self.clock)
        self.assertion = self.assertions.issue(self.clock() + timedelta(hours=24))

    def ask(self, tenant: str, **changes: str) -> tuple[int, dict[str, Any]]:
        form = {
            "grant_type": "client_credentials",
            "client_id": APP_ID,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion,
            "scope": f"{self.graph.base_url}/.default",
        } | changes

        async def body() -> dict[str, Any]:
            return {"type": "http.request", "body": urlencode(form).encode()}

        scope = {"type": "http", "method": "POST", "headers": [], "path_params": {"tenant": tenant}}
        answer = asyncio.run(self.entra.token(Request(scope, body)))
        return answer.status_code, json.loads(bytes(answer.body))

    def alerts(self, token: str) -> tuple[int, set[str]]:
        """What Graph shows to a token: the status, and the tenants of its alerts."""
        answer = self.graph.answer(
            GraphRequest("GET", "/v1.0/security/alerts_v2", {}, {"authorization": f"Bearer {token}"})
        )
        return answer.status, {row["tenantId"] for row in json.loads(answer.body).get("value", ())}


def test_a_token_is_one_tenant_s() -> None:
    """Graph shows to it nothing of another."""
    world = World()
    for tenant in (ONE, OTHER):
        status, said = world.ask(tenant)
        assert (status, said["token_type"], said["expires_in"]) == (200, "Bearer", 3599)
        assert world.alerts(said["access_token"]) == (200, {tenant})


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_assertion": "simulated.assertion.forged"}, 401, "invalid_client", 700213),
        ({"client_assertion": ""}, 401, "invalid_client", 700213),
        ({"client_id": "00000000-0000-4000-8000-00000000cccc"}, 400, "unauthorized_client", 700016),
        ({"scope": "https://graph.example/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_assertion_type": "x"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_what_is_not_right_is_refused(changes: dict[str, str], status: int, error: str, number: int) -> None:
    """In the form of Entra's errors, with its number and a trace id in the description."""
    answered, said = World().ask(OTHER, **changes)
    assert (answered, said["error"], said["error_codes"]) == (status, error, [number])
    assert said["error_description"].startswith(f"AADSTS{number}: ")
    assert f"Trace ID: {said['trace_id']} " in said["error_description"]
    assert "access_token" not in said


def test_a_token_of_graph_is_no_assertion() -> None:
    """Only what the identity got for the exchange is."""
    world = World()
    assert world.ask(OTHER, client_assertion=world.graph.issue_token(ONE))[1]["error_codes"] == [700213]


def test_assertions_end() -> None:
    """The identity's token lasts a day."""
    world = World()
    world.clock.pass_(hours=24)
    assert world.ask(OTHER)[1]["error_codes"] == [700024]


def test_a_tenant_that_is_not_there() -> None:
    """Whatever else is right."""
    assert World().ask("99999999-0000-4000-8000-000000000000")[1]["error_codes"] == [90002]


@pytest.mark.parametrize(
    ("consent", "status", "number"),
    [("missing", 400, 700016), ("no principal", 401, 7000229), ("refused", 400, 65001), ("unavailable", 503, 90033)],
)
def test_consent_is_each_tenant_s(consent: Any, status: int, number: int) -> None:
    """One that has none harms no other."""
    world = World()
    world.graph.faults.tenants[OTHER] = TenantFaults(consent=consent)
    answered, said = world.ask(OTHER)
    assert (answered, said["error_codes"]) == (status, [number])
    assert world.ask(ONE)[0] == 200


def test_consent_without_permissions() -> None:
    """A token without roles, which Graph refuses."""
    world = World()
    world.graph.faults.tenants[OTHER] = TenantFaults(consent="no permissions")
    assert world.alerts(world.ask(OTHER)[1]["access_token"])[0] == 403


def test_one_tenant_can_be_broken_in_graph() -> None:
    """Throttled or down, for whatever it asks; the others are served."""
    world = World()
    tokens = {tenant: world.ask(tenant)[1]["access_token"] for tenant in (ONE, OTHER)}
    world.graph.faults.tenants[OTHER] = TenantFaults(throttled="7", latency_ms=100)
    assert world.alerts(tokens[OTHER])[0] == 429
    assert world.alerts(tokens[ONE])[0] == 200
    assert world.graph.faults.latency_s("alerts_v2", OTHER) == 0.1
    world.graph.faults.tenants[OTHER] = TenantFaults(outage=503)
    assert world.alerts(tokens[OTHER])[0] == 503
