"""The simulator as an HTTP server on this machine alone."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl

import anyio
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from local.simulator.connections import ResettableProtocol, reset
from local.simulator.control import Control
from local.simulator.conversation import Post, hold_in_threads
from local.simulator.courier import Courier
from local.simulator.entra import Assertions, EntraEndpoint
from local.simulator.graph import Graph
from local.simulator.http_post import HttpPost
from local.simulator.identity import IdentityEndpoint
from local.simulator.journal import RESET, Journal, source_of
from local.simulator.tenant_control import TenantControl
from local.simulator.wire import Request

HOST = "127.0.0.1"

_GRACE_S = 1
"""How long a server that is to end waits for what is under way: an answer with a latency of a minute, or a TLS client
that keeps its connection and does not look at it, would hold it up until it is killed."""


class GraphEndpoint:
    """Translates between ASGI and the simulated Graph; the only place that waits for a latency."""

    def __init__(self, graph: Graph, journal: Journal, post: Post) -> None:
        self._graph = graph
        self._post = post
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        request = Request(
            method=http.method,
            path=scope["raw_path"].decode(),
            query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            headers=dict(http.headers),
            body=await http.body(),
        )
        await asyncio.sleep(self._graph.faults.latency_s(source_of(request.path), self._graph.tenant_of(request)))
        try:
            answer = await hold_in_threads(self._graph.converse(request), self._post)
        except ConnectionResetError:
            self._journal.add(request, RESET)
            await reset(scope, receive)
            return
        self._journal.add(request, answer.status)
        await HttpResponse(answer.body, answer.status, answer.headers)(scope, receive, send)


def make_app(
    graph: Graph,
    *,
    tenant_id: str,
    identity_secret: str,
    now: Callable[[], datetime],
    on_ready: Callable[[], None] = lambda: None,
    post: Post | None = None,
    assertions: Assertions | None = None,
    entra: EntraEndpoint | None = None,
) -> Starlette:
    """Graph, its managed identity and the controls.

    Args:
        graph: the simulated Graph.
        tenant_id: whose identity gets tokens.
        identity_secret: what ``X-IDENTITY-HEADER`` must hold.
        now: tells the time, aware.
        on_ready: called once, when requests will be answered.
        post: calls subscribers, in threads; over HTTP by default.
        assertions: where the identity's tokens for Entra's exchange are kept.
        entra: whose counts the controls show.
    """
    journal, post = Journal(), post or HttpPost()
    courier = Courier(graph.notifier, post)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(courier.run)
            on_ready()
            yield
            tasks.cancel_scope.cancel()

    identity = IdentityEndpoint(graph, tenant_id, identity_secret, now, assertions or Assertions())
    routes = [
        Route("/identity/token", identity.token),
        Route("/simulator/roles", identity.grant, methods=["PUT"]),
        *Control(graph, journal, courier, now).routes(),
        *(TenantControl(graph, entra).routes() if entra else []),
        Mount("/", GraphEndpoint(graph, journal, post)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def listen(port: int, scheme: str = "http") -> tuple[socket.socket, str]:
    """A listening socket, on any free port if ``port`` is 0, and its URL.

    It listens before the server runs, so that whoever reads the URL may connect at once.
    """
    listener = socket.create_server((HOST, port), backlog=512)
    # asyncio does this only for sockets that say they are TCP; each answer after the first would wait 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener, f"{scheme}://{HOST}:{listener.getsockname()[1]}"


def make_server(app: Starlette) -> uvicorn.Server:
    """A uvicorn server for the app: HTTP/1.1 with keep-alive, identity encoding, quiet."""
    config = uvicorn.Config(
        app,
        http=ResettableProtocol,
        log_level="critical",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def make_tls_server(app: Starlette, ca_file: Path) -> uvicorn.Server:
    """The same over TLS, with a certificate made now; whoever is to trust it finds its authority in ``ca_file``."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)

    def context(_config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(made)
        return made

    authority.cert_pem.write_to_path(ca_file)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            ssl_context_factory=context,
            log_level="critical",
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


async def serve(*served: tuple[uvicorn.Server, socket.socket]) -> None:
    """Serve until interrupted, all on one event loop; the last one gets the signals, and tells the others."""
    *others, (last, listener) = served
    async with asyncio.TaskGroup() as tasks:
        for server, socket_ in others:
            tasks.create_task(server.serve(sockets=[socket_]))
            while not server.started:  # noqa: ASYNC110  uvicorn tells it by nothing else
                await asyncio.sleep(0.01)
        await last.serve(sockets=[listener])
        for server, _ in others:
            server.should_exit = True


def announce(url: str, port_file: Path | None, entra_url: str | None = None) -> None:
    """Tell that the server is ready: one JSON line, and the port in a file that appears whole."""
    if port_file:
        part = port_file.with_name(f"{port_file.name}.part")
        part.write_text(url.rpartition(":")[2], encoding="ascii")
        part.replace(port_file)
    print(json.dumps({"url": url} | ({"entra": entra_url} if entra_url else {})), flush=True)
