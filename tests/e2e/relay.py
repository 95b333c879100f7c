"""A way to storage that can be cut: TCP, passed on byte for byte."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

_PIECE = 65536


class Relay:
    """Passes connections on to a port of this machine, as long as it is not cut."""

    def __init__(self, target: int) -> None:
        self.port = 0
        """Where it listens."""
        self._target = target
        self._cut = False
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()

    def cut(self) -> None:
        """Break all connections, and take no new ones."""
        self._cut = True
        self._call(self._abort())

    def mend(self) -> None:
        """Pass on again."""
        self._cut = False

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """Listen, in a thread of its own."""
        thread = Thread(target=self._loop.run_forever)
        thread.start()
        try:
            self._call(self._listen())
            yield self
        finally:
            self._call(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def _call(self, what: "asyncio._CoroutineLike[None]") -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _abort(self) -> None:
        if self._server:
            self._server.abort_clients()

    async def _end(self) -> None:
        if self._server:
            self._server.close()
            self._server.abort_clients()
            await self._server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
