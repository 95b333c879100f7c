"""Service principals and who is granted what."""

import json
from typing import Any

import pytest

from local.simulator.service_principals import ADMINISTRATOR, APP_ROLES, GRAPH_APP_ID, GRAPH_OBJECT_ID, READ
from local.simulator.wire import Request, Response
from tests.simulator.client import Client
from tests.simulator.world import TENANT

IDENTITY = "7d3c1f52-9e0a-4b57-8f16-1d2b3c4d5e6f"
ROOT = "/v1.0/servicePrincipals"
ALERT, EVENTS = "SecurityAlert.Read.All", "SecurityEvents.Read.All"


@pytest.fixture
def admin(client: Client) -> Client:
    """Somebody who may grant, in a directory with one identity."""
    client.graph.directory.principals.add(IDENTITY)
    client.token = client.graph.issue_token(TENANT, ADMINISTRATOR)
    return client


def send(client: Client, method: str, path: str, body: object = None, **query: str) -> Response:
    """Ask."""
    headers = {"authorization": f"Bearer {client.token}"}
    return client.graph.answer(Request(method, f"{ROOT}{path}", query, headers, json.dumps(body).encode()))


def grant(client: Client, role: str = ALERT, principal: str = IDENTITY, **more: str) -> Response:
    """Ask for a grant on the resource's side."""
    body = {"principalId": principal, "resourceId": GRAPH_OBJECT_ID, "appRoleId": APP_ROLES[role], **more}
    return send(client, "POST", f"/{GRAPH_OBJECT_ID}/appRoleAssignedTo", body)


def error(answer: Response) -> tuple[int, str, str]:
    """Status, code and message."""
    told = json.loads(answer.body)["error"]
    return answer.status, told["code"], told["message"]


def test_graph_is_found_by_its_application(admin: Client) -> None:
    """With its roles by value."""
    found: dict[str, Any] = json.loads(
        send(admin, "GET", f"(appId='{GRAPH_APP_ID}')", **{"$select": "id,appRoles"}).body
    )
    assert found["id"] == GRAPH_OBJECT_ID
    assert {role["value"]: role["id"] for role in found["appRoles"]} == APP_ROLES
    assert error(send(admin, "GET", f"(appId='{IDENTITY}')"))[:2] == (404, "Request_ResourceNotFound")


def test_a_grant_is_listed(admin: Client) -> None:
    """On the side of the principal, in pages."""
    assert [grant(admin, role).status for role in (ALERT, EVENTS)] == [201, 201]
    admin.graph.directory.page_size = 1
    first = json.loads(send(admin, "GET", f"/{IDENTITY}/appRoleAssignments").body)
    second = json.loads(send(admin, "GET", f"/{IDENTITY}/appRoleAssignments", **{"$skiptoken": "1"}).body)
    assert first["@odata.nextLink"].endswith(f"/{IDENTITY}/appRoleAssignments?$skiptoken=1")
    assert "@odata.nextLink" not in second
    rows = first["value"] + second["value"]
    assert [row["appRoleId"] for row in rows] == [APP_ROLES[ALERT], APP_ROLES[EVENTS]]
    assert {row["principalId"] for row in rows} == {IDENTITY}
    assert admin.graph.directory.granted(IDENTITY) == {ALERT, EVENTS}


def test_a_duplicate_is_refused(admin: Client) -> None:
    """In the words that scripts look for."""
    grant(admin)
    assert error(grant(admin)) == (400, "Request_BadRequest", "Permission being assigned already exists on the object")


def test_a_role_that_is_not_offered_is_refused(admin: Client) -> None:
    """In a cloud that lacks it."""
    del admin.graph.directory.app_roles[ALERT]
    assert error(grant(admin))[:2] == (400, "Request_BadRequest")


@pytest.mark.parametrize("roles", [[], [READ], ["AppRoleAssignment.ReadWrite.All"]])
def test_granting_needs_both_permissions(admin: Client, roles: list[str]) -> None:
    """One alone is refused; reading needs but one."""
    admin.token = admin.graph.issue_token(TENANT, roles)
    assert error(grant(admin))[:2] == (403, "Authorization_RequestDenied")
    reading = send(admin, "GET", f"/{IDENTITY}/appRoleAssignments")
    assert reading.status == (200 if READ in roles else 403)


def test_an_identity_that_is_not_replicated_is_not_found(admin: Client) -> None:
    """For as many requests as a test wants, whoever asks."""
    admin.graph.directory.hidden_for[IDENTITY] = 2
    assert error(send(admin, "GET", f"/{IDENTITY}/appRoleAssignments"))[:2] == (404, "Request_ResourceNotFound")
    assert error(grant(admin))[:2] == (404, "Request_ResourceNotFound")
    assert grant(admin).status == 201
    assert error(grant(admin, principal="nobody"))[:2] == (404, "Request_ResourceNotFound")
    assert error(send(admin, "POST", "/nobody/appRoleAssignedTo", {}))[:2] == (404, "Request_ResourceNotFound")


def test_other_paths_and_methods(admin: Client) -> None:
    """As elsewhere in Graph."""
    assert error(send(admin, "GET", f"/{IDENTITY}/owners"))[:2] == (400, "BadRequest")
    assert error(send(admin, "DELETE", f"/{IDENTITY}/appRoleAssignments"))[:2] == (405, "notAllowed")
    admin.token = "nobody"  # noqa: S105
    assert error(send(admin, "GET", f"/{IDENTITY}/appRoleAssignments"))[0] == 401
