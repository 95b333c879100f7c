"""HTTP as it really comes over a socket."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from shared.graph.client import HttpTransport


@contextmanager
def server(*answers: bytes) -> Iterator[str]:
    """Answers one connection after the other with these bytes, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1.0/security/alerts_v2"
        thread.join(5)


def test_a_whole_answer_is_read() -> None:
    """Status, headers in lower case, and the body as the server meant it."""
    body = gzip.compress(b'{"value": []}')
    answer = b"HTTP/1.1 206 Partial\r\nWarning: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    with server(answer) as url:
        got = HttpTransport(1).send("GET", url, {}, None)
    assert (got.status, got.headers["warning"], got.body) == (206, "x", b'{"value": []}')


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_broken_answer_is_no_answer(answer: bytes) -> None:
    """A body that ends early must never pass for a page."""
    with server(answer) as url, pytest.raises(OSError):  # noqa: PT011  that it is an OSError is the promise
        HttpTransport(1).send("GET", url, {}, None)


def test_a_redirect_is_not_followed() -> None:
    """It would carry the token elsewhere."""
    with server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as url:
        assert HttpTransport(1).send("GET", url, {"Authorization": "Bearer x"}, None).status == 302


def test_who_asks_for_a_connection_of_its_own_leaves_the_others_theirs() -> None:
    """After a 503 one request changes its connection; those of other tenants stay open and are used again."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    served: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        with connection:
            while connection.recv(65536):
                served.append(number)
                connection.sendall(body)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            for number in range(2):
                connection, _ = listening.accept()
                Thread(target=serve, args=(connection, number), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        transport = HttpTransport(4)
        for headers in ({}, {"Connection": "close"}, {}):
            assert transport.send("GET", url, dict(headers), None).status == 200
    assert served == [0, 1, 0]
