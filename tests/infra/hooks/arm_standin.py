"""A stand-in for Azure Resource Manager: one function app, one vault, two storage accounts.

Shapes, by Microsoft's REST reference: "Web Apps - List Functions", "List Function Keys" (flat: names to values),
"Create Or Update Function Secret", "Get App Settings Key Vault References" (ApiKVReference), "Restart"; "Secrets -
Create Or Update" and "Get" (examples createSecret.json: no value ever comes back); "Role Assignments - List For Scope";
"Management Locks - List By Scope"; "Blob Containers - Get"; for errors "Troubleshoot common Azure deployment errors".
A host that is restarting is told as Azure/azure-functions-host#5722 quotes it.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SUBSCRIPTION: Final = "/subscriptions/5b0f6c1e-0000-4000-8000-00000000005b"
GROUP: Final = f"{SUBSCRIPTION}/resourceGroups/rg-demo"
SITE: Final = f"{GROUP}/providers/Microsoft.Web/sites/func-demo"
VAULT: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-demo"
HOST_ACCOUNT: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sthostdemo"
DATA_ACCOUNT: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdatademo"

PENDING: Final = "@Microsoft.KeyVault(pending: the postdeploy hook writes it)"
REFERENCES: Final = {
    "NOTIFICATION_CLIENT_STATE": "notification-client-state",
    "NOTIFICATION_URL": "notification-url",
    "LIFECYCLE_URL": "lifecycle-url",
}
"""Settings that refer to secrets."""


@dataclass
class Secret:
    """A secret with all its versions, the newest last."""

    values: list[str]
    versions: list[str]
    tags: dict[str, str] = field(default_factory=dict)


def made_by_bicep(value: str) -> Secret:
    """A secret as the deployment leaves it."""
    return Secret([value], [secrets.token_hex(16)])


class ArmStandIn:
    """What tests set and look at; ``routes`` answers."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.allowed = True
        self.script: list[tuple[int, dict[str, str]]] = []
        """Answers to the next requests: status and headers."""
        self.host_is_down_for = 0
        """So many requests that need the functions host are answered as while it restarts."""
        self.asked: list[str] = []
        """``METHOD path``, without the query."""
        self.functions: list[str] = []
        self.indexed_after = 0
        """So many lists of functions are empty."""
        self.keys: dict[str, dict[str, str]] = {}
        self.started: list[str] = []
        self.unknown_to_host: set[str] = set()
        """Functions that can't be started."""
        self.on_start: Callable[[str], None] = lambda _function: None
        self.restart_is_refused = False
        self.on_restart: Callable[[], None] = lambda: None
        self.secrets = {
            "notification-client-state": made_by_bicep(secrets.token_hex(32)),
            "notification-url": made_by_bicep(PENDING),
            "lifecycle-url": made_by_bicep(PENDING),
        }
        self.fetched: dict[str, int] = dict.fromkeys(REFERENCES, 0)
        """The version of its secret that each setting has, as an index."""
        self.reference_statuses: dict[str, list[tuple[str, str]]] = {}
        """Status and details that a setting's reference has before it resolves, one for each time it is asked for."""
        self.tells_active_version = True
        self.role_assignments: dict[str, list[dict[str, Any]]] = {}
        """By scope."""
        self.page_size: int | None = None
        self.locks: list[dict[str, Any]] = []
        self.data_account_is_there = True
        self.container: dict[str, Any] | None = {"hasImmutabilityPolicy": False, "hasLegalHold": False}

    def setting(self, name: str) -> str:
        """What the app finds in a setting when it starts."""
        return self.secrets[REFERENCES[name]].values[self.fetched[name]]

    def write_secret(self, name: str, value: str) -> None:
        """What a person does in the vault itself: a new version, without tags."""
        secret = self.secrets[name]
        secret.values.append(value)
        secret.versions.append(secrets.token_hex(16))
        secret.tags = {}

    def writes(self) -> list[str]:
        """All that was asked for, but what only looks."""
        return [asked for asked in self.asked if not asked.startswith("GET ") and not asked.endswith("/listKeys")]

    def routes(self) -> list[Route]:
        """For starlette."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]], bool]] = [
            ("GET", f"{SITE}/functions", self._list_functions, True),
            ("POST", f"{SITE}/functions/{{function}}/listKeys", self._list_keys, True),
            ("PUT", f"{SITE}/functions/{{function}}/keys/{{key}}", self._make_key, True),
            ("POST", f"{SITE}/hostruntime/admin/functions/{{function}}", self._start, True),
            ("POST", f"{SITE}/restart", self._restart, False),
            ("POST", f"{SITE}/config/configreferences/appsettings/refresh", self._refresh, False),
            ("GET", f"{SITE}/config/configreferences/appsettings", self._list_references, False),
            ("GET", f"{VAULT}/secrets/{{secret}}", self._get_secret, False),
            ("PUT", f"{VAULT}/secrets/{{secret}}", self._put_secret, False),
            ("GET", "/{scope:path}/providers/Microsoft.Authorization/roleAssignments", self._list_roles, False),
            ("GET", "/{scope:path}/providers/Microsoft.Authorization/locks", self._list_locks, False),
            ("GET", f"{DATA_ACCOUNT}/blobServices/default/containers/security-export", self._get_container, False),
            ("GET", DATA_ACCOUNT, self._get_account, False),
        ]
        return [
            Route(path, self._guarded(call, needs_host=needs_host), methods=[method])
            for method, path, call, needs_host in table
        ]

    def app(self) -> Starlette:
        """All of it, for a server."""
        return Starlette(routes=self.routes())

    def _guarded(
        self, call: Callable[[Request], Awaitable[Response]], *, needs_host: bool
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return _error(401, "AuthenticationFailed", "Authentication failed.")
            if "api-version" not in request.query_params:
                return _error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
            if not self.allowed:
                words = f"The client does not have authorization to perform action over scope '{request.url.path}'."
                return _error(403, "AuthorizationFailed", words)
            if self.script:
                status, headers = self.script.pop(0)
                return JSONResponse({"error": {"code": "Trouble", "message": "…"}}, status, headers)
            if needs_host and self.host_is_down_for > 0:
                self.host_is_down_for -= 1
                words = "Encountered an error (ServiceUnavailable) from host runtime."
                return JSONResponse({"Code": "BadRequest", "Message": words, "Target": None}, 400)
            return await call(request)

        return answer

    async def _list_functions(self, _request: Request) -> Response:
        self.indexed_after -= 1
        names = [] if self.indexed_after >= 0 else self.functions
        rows = [
            {
                "id": f"{SITE}/functions/{name}",
                "name": f"func-demo/{name}",
                "type": "Microsoft.Web/sites/functions",
                "properties": {"name": name, "language": "python", "isDisabled": False},
            }
            for name in names
        ]
        return JSONResponse({"value": rows, "nextLink": None})

    async def _list_keys(self, request: Request) -> Response:
        return JSONResponse(self.keys[request.path_params["function"]])

    async def _make_key(self, request: Request) -> Response:
        asked = (await request.json())["properties"]
        # As the host's: base64 with padding, which a URL must not hold as it is.
        value = asked.get("value") or f"{secrets.token_urlsafe(40)}/+=="
        self.keys[request.path_params["function"]][request.path_params["key"]] = value
        return JSONResponse({"id": request.url.path, "properties": {"name": asked["name"], "value": value}}, 201)

    async def _start(self, request: Request) -> Response:
        if not isinstance((await request.json())["input"], str):
            return _error(400, "BadRequest", "The body must be {'input': '…'}.")
        if request.path_params["function"] in self.unknown_to_host:
            return _error(404, "NotFound", "Cannot find function.")
        self.started.append(request.path_params["function"])
        self.on_start(request.path_params["function"])
        return Response(status_code=202)

    async def _restart(self, _request: Request) -> Response:
        if self.restart_is_refused:
            return _error(409, "Conflict", "The operation is not supported.")
        self.on_restart()
        return Response(status_code=200)

    async def _refresh(self, _request: Request) -> Response:
        for name, secret in REFERENCES.items():
            self.fetched[name] = len(self.secrets[secret].values) - 1
        return JSONResponse({"value": []})

    async def _list_references(self, _request: Request) -> Response:
        return JSONResponse({"value": [self._reference(name) for name in REFERENCES], "nextLink": None})

    def _reference(self, name: str) -> dict[str, Any]:
        secret = self.secrets[REFERENCES[name]]
        statuses = self.reference_statuses.get(name)
        status, details = "Resolved", "Reference has been successfully resolved."
        if statuses:
            status, details = statuses.pop(0)
        properties = {
            "reference": f"@Microsoft.KeyVault(SecretUri=https://kv-demo.vault.azure.net/secrets/{REFERENCES[name]})",
            "status": status,
            "details": details,
            "vaultName": "kv-demo",
            "secretName": REFERENCES[name],
            "secretVersion": None,
            "source": "KeyVault",
        }
        if self.tells_active_version and status == "Resolved":
            properties["activeVersion"] = secret.versions[self.fetched[name]]
        path = f"{SITE}/config/configreferences/appsettings/{name}"
        return {"id": path, "name": name, "type": "Microsoft.Web/sites/config", "properties": properties}

    async def _get_secret(self, request: Request) -> Response:
        name = request.path_params["secret"]
        if name not in self.secrets:
            return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        return JSONResponse(self._secret(name))

    async def _put_secret(self, request: Request) -> Response:
        name, asked = request.path_params["secret"], await request.json()
        secret = self.secrets.setdefault(name, Secret([], []))
        secret.values.append(asked["properties"]["value"])
        secret.versions.append(secrets.token_hex(16))
        secret.tags = asked.get("tags", {})
        return JSONResponse(self._secret(name))

    def _secret(self, name: str) -> dict[str, Any]:
        secret, uri = self.secrets[name], f"https://kv-demo.vault.azure.net/secrets/{name}"
        return {
            "id": f"{VAULT}/secrets/{name}",
            "name": name,
            "type": "Microsoft.KeyVault/vaults/secrets",
            "location": "westeurope",
            "tags": secret.tags,
            "properties": {
                "attributes": {"enabled": True, "created": 1514938738, "updated": 1514938738},
                "secretUri": uri,
                "secretUriWithVersion": f"{uri}/{secret.versions[-1]}",
            },
        }

    async def _list_roles(self, request: Request) -> Response:
        if request.query_params.get("$filter") != "atScope()":
            return _error(400, "UnsupportedQuery", "The filter is not supported.")
        return self._paged(request, self.role_assignments.get("/" + request.path_params["scope"], []))

    async def _list_locks(self, request: Request) -> Response:
        return self._paged(request, self.locks)

    def _paged(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        first = int(request.query_params.get("$skipToken", "0"))
        end = first + (self.page_size or len(rows))
        page: dict[str, Any] = {"value": rows[first:end]}
        if end < len(rows):
            page["nextLink"] = str(request.url.include_query_params(**{"$skipToken": end}))
        return JSONResponse(page)

    async def _get_container(self, request: Request) -> Response:
        if self.container is None:
            return _error(404, "ContainerNotFound", "The specified container does not exist.")
        return JSONResponse({"id": request.url.path, "name": "security-export", "properties": self.container})

    async def _get_account(self, request: Request) -> Response:
        if not self.data_account_is_there:
            return _error(404, "ResourceNotFound", "The Resource was not found.")
        return JSONResponse({"id": request.url.path, "name": "stdatademo", "properties": {}})


def assignment(principal_id: str, scope: str, created: str) -> dict[str, Any]:
    """A role assignment as Resource Manager lists it."""
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/b0f43c54-e787-4862-89b1-a653fa9cf747",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": "b0f43c54-e787-4862-89b1-a653fa9cf747",
        "properties": {
            "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/b7e6dc6d",
            "principalId": principal_id,
            "principalType": "ServicePrincipal",
            "scope": scope,
            "createdOn": created,
            "updatedOn": created,
        },
    }


def lock(name: str, level: str, notes: str = "") -> dict[str, Any]:
    """A lock as Resource Manager lists it."""
    path = f"{DATA_ACCOUNT}/providers/Microsoft.Authorization/locks/{name}"
    properties = {"level": level} | ({"notes": notes} if notes else {})
    return {"id": path, "type": "Microsoft.Authorization/locks", "name": name, "properties": properties}


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
