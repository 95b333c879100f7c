"""An open loop of POSTs to this machine: each has its moment, whether or not those before it were answered.

An answer's time counts from the moment at which its POST was due. A generator that waits for a slow answer before it
sends the next POST would leave out just the waiting that a caller sees ("coordinated omission"). What the generator
itself is late is measured apart, to show that it is not what limits.
"""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.webhook.percentile import percentile

IN_TIME_S: Final = 3.0
"""Graph calls an endpoint slow that answers later."""

_ADDRESS: Final = "127.0.0.1"
_MOST_POSTS: Final = 20_000
_MOST_CONNECTIONS: Final = 100
_PATIENCE_S: Final = 30.0
"""What is not answered so long after the last POST was due is not waited for."""


@dataclass(frozen=True)
class Target:
    """Where POSTs go, and what they say."""

    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes

    def request(self) -> bytes:
        """As it goes over the wire."""
        headers = {**self.headers, "Host": f"{_ADDRESS}:{self.port}", "Content-Length": str(len(self.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + self.body


@dataclass(frozen=True)
class Answers:
    """How it went."""

    seconds: Sequence[float]
    """From when each POST was due to its answer; infinite where there was none, or another than 202."""
    late_s: Sequence[float]
    """By how much the generator missed each POST's moment, before any waiting for a connection."""
    elapsed_s: float

    @property
    def accepted(self) -> int:
        """How many were answered 202."""
        return sum(math.isfinite(one) for one in self.seconds)

    @property
    def in_time(self) -> float:
        """Share of those that were answered 202 as fast as Graph wants."""
        return sum(one < IN_TIME_S for one in self.seconds) / len(self.seconds)

    @property
    def a_second(self) -> float:
        """Answers a second, until the last one."""
        return self.accepted / self.elapsed_s

    def at(self, share: float) -> float:
        """A percentile of ``seconds``."""
        return percentile(self.seconds, share)


def steady(target: Target, a_second: float, seconds: float) -> Answers:
    """POSTs at even intervals."""
    return _post(target, [number / a_second for number in range(round(a_second * seconds))])


def burst(target: Target, posts: int) -> Answers:
    """POSTs that are all due at once."""
    return _post(target, [0.0] * posts)


def _post(target: Target, due: Sequence[float]) -> Answers:
    if len(due) > _MOST_POSTS:
        raise ValueError(f"{len(due)} posts are more than the {_MOST_POSTS} that this machine is asked to bear")
    return asyncio.run(_Run(target, due).make())


class _Run:
    """Posts that share some connections."""

    def __init__(self, target: Target, due: Sequence[float]) -> None:
        self._port = target.port
        self._request = target.request()
        self._due = due
        self._seconds = [math.inf] * len(due)
        self._late = [0.0] * len(due)
        self._begun = 0.0
        self._last = 0.0
        self._waiting: asyncio.Queue[int] = asyncio.Queue()

    async def make(self) -> Answers:
        connections = [_Connection(self._port) for _ in range(min(_MOST_CONNECTIONS, len(self._due)))]
        await asyncio.gather(*(connection.open() for connection in connections))
        self._begun = time.perf_counter()
        workers = [asyncio.create_task(self._work(connection)) for connection in connections]
        try:
            await self._pace()
            await asyncio.wait(workers, timeout=_PATIENCE_S)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            for connection in connections:
                connection.close()
        return Answers(self._seconds, self._late, self._last)

    async def _pace(self) -> None:
        for number, due in enumerate(self._due):
            if (wait := due - self._now()) > 0:
                await asyncio.sleep(wait)
            self._late[number] = self._now() - due
            self._waiting.put_nowait(number)
        self._waiting.shutdown()

    async def _work(self, connection: "_Connection") -> None:
        while True:
            try:
                number = await self._waiting.get()
            except asyncio.QueueShutDown:
                return
            try:
                status = await connection.send(self._request)
            except (OSError, EOFError):
                await connection.open()
                continue  # it stays unanswered
            self._last = self._now()
            if status == 202:
                self._seconds[number] = self._last - self._due[number]

    def _now(self) -> float:
        return time.perf_counter() - self._begun


class _Connection:
    """One connection, kept open from POST to POST."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self.close()
        self._reader, self._writer = await asyncio.open_connection(_ADDRESS, self._port)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def send(self, request: bytes) -> int:
        """Post and return the status, with the answer read to its end."""
        assert self._writer is not None  # noqa: S101  opened first
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"\r\ncontent-length:")
        if length:
            await self._reader.readexactly(int(length.partition(b"\r\n")[0]))
        return int(head.split(b" ", 2)[1])
