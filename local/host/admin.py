"""The host's admin API, as far as tests and demos want it (functions-manually-run-non-http)."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.host.functions import HTTP, Function
from local.host.invoker import Invoker
from local.host.protos import TypedData
from local.host.timers import Timer
from local.host.web import FunctionKey
from local.host.worker import InvocationFailed


class Admin:
    """Lists functions and fires them on demand, disabled ones included."""

    def __init__(self, functions: list[Function], timers: dict[str, Timer], key: FunctionKey, invoker: Invoker) -> None:
        self._functions = {function.name: function for function in functions}
        self._timers = timers
        self._key = key
        self._invoker = invoker
        self.running: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """For starlette, before the app's own routes."""
        return [
            Route("/admin/host/status", self._status, methods=["GET"]),
            Route("/admin/functions", self._list, methods=["GET"]),
            Route("/admin/functions/{name}", self._fire, methods=["POST"]),
        ]

    async def _status(self, request: Request) -> Response:
        if not self._key.admits(request):
            return Response(status_code=401)
        return JSONResponse({"id": "local", "state": "Running"})

    async def _list(self, request: Request) -> Response:
        if not self._key.admits(request):
            return Response(status_code=401)
        return JSONResponse([_described(function) for function in self._functions.values()])

    async def _fire(self, request: Request) -> Response:
        """Start a function that is not HTTP-triggered; answer before it ends."""
        if not self._key.admits(request):
            return Response(status_code=401)
        function = self._functions.get(request.path_params["name"])
        if function is None:
            return Response(status_code=404)
        if function.kind == HTTP:
            return Response("an HTTP function is called at its own address\n", status_code=400)
        try:
            match await request.json():
                case {"input": str(given)}:
                    pass
                case _:
                    raise ValueError
        except ValueError:
            return Response('the body must be {"input": "…"}\n', status_code=400)
        task = asyncio.create_task(self._run(function, given))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return Response(status_code=202)

    def _run(self, function: Function, given: str) -> Coroutine[Any, Any, None]:
        """A timer ignores what is given; a queue function gets it as its message, without a message's properties."""
        if timer := self._timers.get(function.name):
            return timer.fire(due=datetime.now(UTC))
        return self._call(function, given)

    async def _call(self, function: Function, given: str) -> None:
        try:
            await self._invoker.run(function, TypedData(string=given))
        except InvocationFailed:
            return  # logged; nobody waits for it


def _described(function: Function) -> dict[str, Any]:
    bindings = [function.trigger, *function.outputs.values()]
    return {"name": function.name, "isDisabled": function.disabled, "config": {"bindings": bindings}}
