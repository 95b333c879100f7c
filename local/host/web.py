"""HTTP triggers: from a request to ``RpcHttp`` and back.

After azure-functions-host, GrpcMessageConversionExtensions.cs.
A method that a function does not list is 404, not 405, and HEAD is no GET, as in Azure
(https://github.com/Azure/azure-functions-host/issues/10098 and /11625).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from local.host.functions import HTTP, Function
from local.host.invoker import Invoker
from local.host.protos import RpcHttp, RpcHttpCookie, SameSite, TypedData
from local.host.routes import Template, request_path
from local.host.worker import InvocationFailed

_ALL_METHODS: Final = frozenset({"GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"})
"""What a trigger without a list of methods answers to."""
_BODILESS: Final = (204, 304)
_SAME_SITE: Final[dict[IntEnum | None, Literal["lax", "strict", "none"]]] = {
    SameSite["Lax"]: "lax",
    SameSite["Strict"]: "strict",
    SameSite["ExplicitNone"]: "none",
}


class FunctionKey:
    """The one key of the local host: function, host and master key at once. Without it, everything is open.

    Core Tools ask for no key at all; a configured one lets tests and demos show what Azure does.
    """

    def __init__(self, key: str | None) -> None:
        self._key = key

    def admits(self, request: Request) -> bool:
        """Whether the request carries the key, in the header or, as Graph's webhooks do, in ``?code=``."""
        if self._key is None:
            return True
        given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
        return secrets.compare_digest(given.encode(), self._key.encode())


@dataclass(frozen=True, slots=True)
class _Route:
    function: Function
    template: Template
    methods: frozenset[str]

    @property
    def anonymous(self) -> bool:
        return str(self.function.trigger.get("authLevel", "FUNCTION")).upper() == "ANONYMOUS"


class HttpTriggers:
    """All HTTP functions of the app behind one handler."""

    def __init__(self, functions: Iterable[Function], prefix: str, key: FunctionKey, invoker: Invoker) -> None:
        routes = [_route(function, prefix) for function in functions if function.kind == HTTP and not function.disabled]
        self._routes = sorted(routes, key=lambda route: route.template.precedence)
        self._key = key
        self._invoker = invoker

    async def answer(self, request: Request) -> Response:
        """Find the function, call it, and pass on its answer; 500 without a body when it failed."""
        try:
            path = request_path(request.scope["raw_path"])
        except ValueError:
            return Response(status_code=400)
        for route in self._routes:
            params = route.template.match(path)
            if params is None or request.method not in route.methods:
                continue
            if not (route.anonymous or self._key.admits(request)):
                return Response(status_code=401)
            argument = TypedData(http=await _to_rpc(request, params))
            try:
                return _from_rpc(await self._invoker.run(route.function, argument))
            except InvocationFailed:
                return Response(status_code=500)
        return Response(status_code=404)


def _route(function: Function, prefix: str) -> _Route:
    template = function.trigger.get("route") or function.name
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    return _Route(function, Template.parse(f"{prefix}/{template}"), methods or _ALL_METHODS)


async def _to_rpc(request: Request, params: dict[str, str]) -> RpcHttp:
    """What the worker gets: names that repeat are joined by commas, empty query values are left out."""
    body = await request.body()
    return RpcHttp(
        method=request.method,
        url=_url(request),
        headers={name: ",".join(request.headers.getlist(name)) for name in request.headers},
        params=params,
        query={
            name: joined
            for name in request.query_params
            if (joined := ",".join(request.query_params.getlist(name)))
        },
        body=TypedData(bytes=body) if body else TypedData(),
    )  # fmt: skip


def _url(request: Request) -> str:
    """The address as the client sent it: ``request.url`` is decoded."""
    query: bytes = request.scope["query_string"]
    target: bytes = request.scope["raw_path"] + (b"?" + query if query else b"")
    return f"{request.url.scheme}://{request.url.netloc}{target.decode('ascii', errors='replace')}"


def _from_rpc(returned: TypedData | None) -> Response:
    """The worker's answer: an ``HttpResponse``, a bare string, or nothing (204)."""
    if returned is None or returned.WhichOneof("data") is None:
        return Response(status_code=204)
    if returned.http is None:
        return Response(returned.string or returned.json or b"", media_type="text/plain")
    status = int(returned.http.status_code)
    body = b"" if status in _BODILESS else returned.http.body.bytes
    response = Response(body, status_code=status, headers=dict(returned.http.headers))
    for cookie in returned.http.cookies or ():
        _set_cookie(response, cookie)
    return response


def _set_cookie(response: Response, cookie: RpcHttpCookie) -> None:
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=int(cookie.max_age.value) if cookie.max_age else None,
        expires=datetime.fromtimestamp(cookie.expires.value.seconds, UTC) if cookie.expires else None,
        path=cookie.path.value if cookie.path else None,
        domain=(cookie.domain.value or None) if cookie.domain else None,
        secure=bool(cookie.secure and cookie.secure.value),
        httponly=bool(cookie.http_only and cookie.http_only.value),
        samesite=_SAME_SITE.get(cookie.same_site),
    )
