"""An HTTP protocol for uvicorn that can reset a connection in the middle, which ASGI has no word for."""

import asyncio
import socket
import struct
from typing import Any, ClassVar

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: close sends RST instead of FIN."""


class ResettableProtocol(H11Protocol):
    """Knows the transport of each open connection."""

    transports: ClassVar[dict[Any, asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transports[self.client, self.server] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transports.pop((self.client, self.server), None)
        super().connection_lost(exc)


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection that a request came on; the caller answers nothing."""
    transport = ResettableProtocol.transports[scope["client"], scope["server"]]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()
    # Until uvicorn knows that the connection is lost, it would miss the answer.
    while (await receive())["type"] != "http.disconnect":
        pass
