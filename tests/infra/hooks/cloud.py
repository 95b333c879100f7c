"""Everything that the hooks talk to, on this machine: Graph, Azure Resource Manager, the app, and azd."""

import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from local.simulator.graph import Graph
from local.simulator.server import listen, make_app, make_server
from local.simulator.service_principals import ADMINISTRATOR, READ
from local.simulator.tenant import Tenant
from shared.clock import Clock
from tests.infra.hooks.app_standin import TENANT, AppStandIn
from tests.infra.hooks.arm_standin import DATA_ACCOUNT, HOST_ACCOUNT, SITE, VAULT, ArmStandIn

PRINCIPAL: Final = "7d3c1f52-9e0a-4b57-8f16-1d2b3c4d5e6f"
"""The identity's object id."""

FUNCTIONS: Final = (
    "export_alerts",
    "export_secure_scores",
    "lifecycle",
    "maintain_subscriptions",
    "notifications",
    "process_notifications",
    "run_export_job",
    "status",
)

_AZD: Final = """#!/bin/sh
echo "$*" >> "$0.asked"
# What `azd auth token --output json` prints; sources: azure-identity's azd_cli.py, azd's auth_token.go.
case "$*" in
{cases}
*) echo '{{"error": "not logged in, run `azd auth login` to login"}}' >&2; exit 1 ;;
esac
"""


class Switchboard:
    """One server for all tests; each test puts its own app behind it."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def serve(switchboard: Switchboard) -> Iterator[str]:
    """Serve it in a thread; its URL."""
    listener, url = listen(0)
    # An answer's head and body are two writes: without this, each answer waits 40 ms for a delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = make_server(cast("Starlette", switchboard))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url
    server.should_exit = True
    thread.join(10)
    listener.close()


class Cloud:
    """The world of one test.

    Args:
        graph_url: where Graph is served.
        arm_url: where Resource Manager and the app are served.
        folder: for the stub of azd.
        clock: the servers' clock.
    """

    def __init__(self, graph_url: str, arm_url: str, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.graph = Graph(tenants={TENANT: Tenant(TENANT)}, now=clock.now, base_url=graph_url)
        self.graph.directory.principals.add(PRINCIPAL)
        self.arm = ArmStandIn(f"arm-{secrets.token_hex(16)}")
        self.arm.functions = list(FUNCTIONS)
        self.arm.keys = {name: {"default": secrets.token_urlsafe(40) + "=="} for name in FUNCTIONS}
        self.app = AppStandIn(self.arm, clock)
        self.graph_app = make_app(self.graph, tenant_id=TENANT, identity_secret="", now=clock.now)
        self.arm_app = Starlette(routes=[*self.app.routes(), *self.arm.routes()])
        self.bin = folder / "bin"
        self.env: dict[str, str] = {
            "AZURE_ENV_NAME": "demo",
            "AZURE_TENANT_ID": TENANT,
            "AZURE_RESOURCE_GROUP": "rg-demo",
            "IDENTITY_PRINCIPAL_ID": PRINCIPAL,
            "GRAPH_URL": graph_url,
            "SOURCES": "alerts_v2",
            "WEBHOOKS_ON": "true",
            "UPDATES_ON": "false",
            "RESOURCE_MANAGER_URL": arm_url,
            "FUNCTION_APP_ID": SITE,
            "FUNCTION_APP_URL": arm_url,
            "KEY_VAULT_ID": VAULT,
            "HOST_ACCOUNT_ID": HOST_ACCOUNT,
            "DATA_ACCOUNT_ID": DATA_ACCOUNT,
        }
        self._graph_url, self._arm_url = graph_url, arm_url
        self._tokens: list[str] = []
        self.sign_in(*ADMINISTRATOR)

    def sign_in(self, *roles: str) -> None:
        """Let somebody with these permissions in Graph be signed in with azd."""
        tokens = {
            self._graph_url: self.graph.issue_token(TENANT, roles),
            self._arm_url: self.arm.token,
        }
        self._tokens += tokens.values()
        answer = '{"token": "%s", "expiresOn": "2099-01-01T00:00:00Z"}'
        cases = [f"""*"--scope {url}/.default"*) echo '{answer % token}' ;;""" for url, token in tokens.items()]
        self.bin.mkdir(exist_ok=True)
        stub = self.bin / "azd"
        stub.write_text(_AZD.format(cases="\n".join(cases)))
        stub.chmod(0o755)

    def sign_in_reader(self) -> None:
        """Somebody who may look, as every member of a tenant may, and not grant."""
        self.sign_in(READ)

    def sign_out(self) -> None:
        """Nobody is signed in."""
        (self.bin / "azd").write_text(_AZD.format(cases=""))

    def sign_ins(self) -> int:
        """How often azd was asked for a token."""
        return len((self.bin / "azd.asked").read_text().splitlines())

    @property
    def path(self) -> str:
        """The PATH on which azd is the stub, and az is not."""
        return f"{self.bin}:/usr/bin:/bin"

    def secrets(self) -> set[str]:
        """What no output may hold."""
        keys = {key for of in self.arm.keys.values() for key in of.values()}
        values = {value for secret in self.arm.secrets.values() for value in secret.values if not value.startswith("@")}
        return {*self._tokens, *keys, *(quote(key, safe="") for key in keys), *values, "code="}

    def told(self, text: str) -> str:
        """The text, which holds no secret."""
        assert [secret for secret in self.secrets() if secret in text] == []
        return text

    def process_env(self, more: Mapping[str, str]) -> dict[str, str]:
        """The variables of a real process."""
        return {
            "PATH": self.path,
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.env,
            **more,
        }
