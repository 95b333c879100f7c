"""``/v1.0/servicePrincipals``: who has been granted which of Graph's application permissions.

Sources: the reference pages "servicePrincipal: Get", "List appRoleAssignments granted to a service principal" and
"Grant an appRoleAssignment for a service principal"; role ids of the public cloud. The words of a duplicate are quoted
in many public scripts, those of an identity that is not there yet in Entra's "Request_ResourceNotFound".
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.simulator.errors import Refusal
from local.simulator.faults import Trouble
from local.simulator.history import dice
from local.simulator.records.document import guid
from local.simulator.tokens import Token
from local.simulator.wire import Request

ROOT: Final = "/v1.0/servicePrincipals"
GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
GRAPH_OBJECT_ID: Final = "1a8c44b9-55a0-4a5c-9d3b-0c6f7f3a0003"
"""Graph's service principal; another one in every tenant."""

READ: Final = "Application.Read.All"
GRANT: Final = "AppRoleAssignment.ReadWrite.All"
ADMINISTRATOR: Final = (READ, GRANT)
"""What a token needs to grant; Graph wants both."""

APP_ROLES: Final[Mapping[str, str]] = {
    "SecurityEvents.Read.All": "bf394140-e372-4bf9-a898-299cfc7564e5",
    "SecurityEvents.ReadWrite.All": "d903a879-88e0-4c09-b0c9-82f6a1333f84",
    "SecurityAlert.Read.All": "472e4a4d-bb4a-4026-98d1-0b0d74cb74a5",
    "SecurityAlert.ReadWrite.All": "ed4fca05-be46-441f-9803-1873825f8fdb",
    "SecurityIncident.Read.All": "45cc0394-e837-488b-a098-1918f48d186c",
    "SecurityIncident.ReadWrite.All": "34bf0e97-1971-4929-b999-9e2442d941d7",
    READ: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    GRANT: "06b708a9-e830-4db3-a914-8e69da51d44f",
}
"""Ids by value."""

_BY_APP_ID = re.compile(rf"{re.escape(ROOT)}\(appId='([^']*)'\)")
_OF_ONE = re.compile(rf"{re.escape(ROOT)}/([^/]+)/(appRoleAssignments|appRoleAssignedTo)")
_SEED = 0x5E2
_INSUFFICIENT = "Insufficient privileges to complete the operation."

type Answered = tuple[int, Mapping[str, str], bytes]


def names_service_principals(path: str) -> bool:
    """Whether a path is answered here."""
    return path.startswith(ROOT)


@dataclass(slots=True)
class Directory:
    """What a test sets, and looks at."""

    app_roles: dict[str, str] = field(default_factory=lambda: dict(APP_ROLES))
    """Graph's roles by value; a cloud may lack some."""
    hidden_for: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """For so many more requests a principal is not found: it is not replicated yet."""
    principals: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Roles that nobody may grant, whatever the token: half of a grant."""
    trouble: Trouble = field(default_factory=Trouble)
    page_size: int | None = None
    assignments: list[dict[str, Any]] = field(default_factory=list)

    def granted(self, principal_id: str) -> set[str]:
        """The values of Graph's roles that a principal has."""
        values = {role_id: value for value, role_id in self.app_roles.items()}
        return {
            values[one["appRoleId"]]
            for one in self.assignments
            if (one["principalId"], one["resourceId"]) == (principal_id, GRAPH_OBJECT_ID)
        }


class ServicePrincipalsApi:
    """Answers requests for one directory.

    Args:
        directory: the service principals and their roles.
        now: tells the time, aware.
        base_url: what ``@odata.context`` and ``@odata.nextLink`` begin with.
    """

    def __init__(self, directory: Directory, now: Callable[[], datetime], base_url: str) -> None:
        self._directory = directory
        self._now = now
        self._base_url = base_url

    def answer(self, request: Request, token: Token) -> Answered:
        """Answer a request.

        Raises:
            ConnectionResetError: a fault resets the connection.
            Refusal: it cannot be served.
        """
        self._directory.trouble.strike()
        if request.method == "GET" and (match := _BY_APP_ID.fullmatch(request.path)):
            _require(token, READ)
            return self._by_app_id(match[1])
        match = _OF_ONE.fullmatch(request.path)
        if match is None:
            raise Refusal(400, "BadRequest", "Resource not found for the segment 'servicePrincipals'.")
        object_id, relation = match.groups()
        if request.method == "GET" and relation == "appRoleAssignments":
            _require(token, READ)
            self._find(object_id)
            return self._list(request, object_id)
        if request.method == "POST":
            _require(token, *ADMINISTRATOR)
            self._find(object_id)
            return self._grant(json.loads(request.body))
        raise Refusal(405, "notAllowed", f"{request.method} is not allowed here.")

    def grant(self, principal_id: str, values: Collection[str]) -> None:
        """Grant without asking anybody."""
        self._directory.principals.add(principal_id)
        for value in values:
            self._add(principal_id, self._directory.app_roles[value])

    def _by_app_id(self, app_id: str) -> Answered:
        if app_id != GRAPH_APP_ID:
            raise _not_found(app_id)
        roles = [
            {
                "allowedMemberTypes": ["Application"],
                "description": value,
                "displayName": value,
                "id": role_id,
                "isEnabled": True,
                "origin": "Application",
                "value": value,
            }
            for value, role_id in self._directory.app_roles.items()
        ]
        context = f"{self._base_url}/v1.0/$metadata#servicePrincipals(id,appRoles)/$entity"
        return _answered(200, {"@odata.context": context, "id": GRAPH_OBJECT_ID, "appRoles": roles})

    def _list(self, request: Request, principal_id: str) -> Answered:
        own = [one for one in self._directory.assignments if one["principalId"] == principal_id]
        first = int(request.query.get("$skiptoken", "0"))
        end = first + (self._directory.page_size or len(own))
        page: dict[str, Any] = {"@odata.context": f"{self._base_url}/v1.0/$metadata#appRoleAssignments"}
        if end < len(own):
            page["@odata.nextLink"] = f"{self._base_url}{request.path}?$skiptoken={end}"
        return _answered(200, page | {"value": own[first:end]})

    def _grant(self, asked: dict[str, str]) -> Answered:
        principal_id, role_id = asked["principalId"], asked["appRoleId"]
        self._find(principal_id)
        value = next((value for value, known in self._directory.app_roles.items() if known == role_id), None)
        if value is None or asked["resourceId"] != GRAPH_OBJECT_ID:
            raise Refusal(400, "Request_BadRequest", "Permission being assigned was not found on application.")
        if value in self._directory.refused:
            raise Refusal(403, "Authorization_RequestDenied", _INSUFFICIENT)
        if value in self._directory.granted(principal_id):
            raise Refusal(400, "Request_BadRequest", "Permission being assigned already exists on the object")
        return _answered(201, self._add(principal_id, role_id))

    def _add(self, principal_id: str, role_id: str) -> dict[str, Any]:
        number = len(self._directory.assignments) + 1
        assignment = {
            "id": guid(dice(_SEED, number), number),
            "deletedDateTime": None,
            "appRoleId": role_id,
            "createdDateTime": f"{self._now():%Y-%m-%dT%H:%M:%S.%f}0Z",
            "principalDisplayName": "id-graph-security-export",
            "principalId": principal_id,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": GRAPH_OBJECT_ID,
        }
        self._directory.assignments.append(assignment)
        return assignment

    def _find(self, object_id: str) -> None:
        if self._directory.hidden_for[object_id] > 0:
            self._directory.hidden_for[object_id] -= 1
            raise _not_found(object_id)
        if object_id != GRAPH_OBJECT_ID and object_id not in self._directory.principals:
            raise _not_found(object_id)


def _require(token: Token, *roles: str) -> None:
    if not token.roles >= set(roles):
        raise Refusal(403, "Authorization_RequestDenied", _INSUFFICIENT)


def _not_found(object_id: str) -> Refusal:
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def _answered(status: int, body: dict[str, Any]) -> Answered:
    return status, {}, json.dumps(body).encode()
