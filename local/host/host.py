"""The host: everything that listens, and its orderly start and end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from local.host import queues, worker
from local.host.admin import Admin
from local.host.config import HostJson
from local.host.functions import QUEUE, TIMER, Function, Settings, connection_string
from local.host.invoker import Invoker
from local.host.queues import QueueListener
from local.host.storage_queue import StorageQueue
from local.host.timers import Timer
from local.host.web import FunctionKey, HttpTriggers

log = logging.getLogger("host")

DRAIN_S: Final = 10.0
"""How long running functions may take to end after SIGTERM, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says."""

    app: Path
    timers: bool = True
    """False: timers fire on demand alone."""
    message_lease: timedelta = queues.LEASE
    function_key: str | None = None


class Host:
    """An app that has been indexed, ready to run."""

    def __init__(self, functions: list[Function], config: HostJson, settings: Settings, options: Options) -> None:
        self.abandoned = False
        """Whether functions were still running when ``DRAIN_S`` was over."""
        active = [function for function in functions if not function.disabled]
        key = FunctionKey(options.function_key)
        invoker = Invoker(functions, config, settings)
        timers = {function.name: Timer(function, invoker) for function in functions if function.kind == TIMER}
        self._http = HttpTriggers(functions, config.route_prefix, key, invoker)
        self._admin = Admin(functions, timers, key, invoker)
        self._timers = [timers[function.name] for function in active if options.timers and function.kind == TIMER]
        self._listeners = [
            QueueListener(
                function,
                StorageQueue(connection_string(function.trigger, settings), function.trigger["queueName"]),
                config.queues,
                options.message_lease,
                invoker,
            )
            for function in active
            if function.kind == QUEUE
        ]
        for function in functions:
            _announce(function)

    @classmethod
    async def load(cls, options: Options, settings: Settings) -> "Host":
        """Read host.json, then import and index the app.

        Raises:
            WrongConfiguration: the app cannot run; the message says why.
        """
        config = HostJson.read(options.app)
        return cls(await worker.load(options.app, settings), config, settings, options)

    def asgi(self, on_ready: Callable[[], None]) -> Starlette:
        """The host as a web application; its lifespan is the host's own."""

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            work: list[Coroutine[Any, Any, None]] = [
                *(listener.listen() for listener in self._listeners),
                *(timer.run() for timer in self._timers),
            ]
            tasks = {asyncio.create_task(coroutine) for coroutine in work}
            for task in tasks:
                task.add_done_callback(_report_crash)
            on_ready()
            yield
            await self._drain(tasks)

        async def functions(scope: Scope, receive: Receive, send: Send) -> None:
            response = await self._http.answer(Request(scope, receive))
            await response(scope, receive, send)

        app = Starlette(routes=self._admin.routes(), lifespan=lifespan)
        # No Route: starlette's see the decoded path, where %2F is a slash already and a line break ends the match.
        app.router.default = functions
        return app

    async def _drain(self, tasks: set[asyncio.Task[None]]) -> None:
        """Take nothing new, and wait for what is running."""
        for listener in self._listeners:
            listener.stop()
        for timer in self._timers:
            timer.stop()
        if waiting := tasks | self._admin.running:
            _, pending = await asyncio.wait(waiting, timeout=DRAIN_S)
            self.abandoned = bool(pending)
        if self.abandoned:
            log.warning("Functions are still running after %d s; their messages return when the lease ends.", DRAIN_S)


def _announce(function: Function) -> None:
    log.info("Function %s: %s%s", function.name, function.kind, " (disabled)" if function.disabled else "")
    if function.has_retry_policy:
        log.warning("Function %s: the local host does not act on retry policies", function.name)


def _report_crash(task: asyncio.Task[None]) -> None:
    """A listener ends when it is told to; anything else is a fault of the host itself."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("A listener of the local host crashed", exc_info=error)
