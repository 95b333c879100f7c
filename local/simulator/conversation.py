"""An answer that needs to ask somebody else first: Graph calls the subscriber while ``POST /subscriptions`` is open.

Graph's side is a generator that yields its calls and is sent their answers, so that it neither waits nor knows a
network; in a test a function answers it, in the server a thread does.
"""

from collections.abc import Callable, Generator, Mapping
from urllib.parse import parse_qs, urlsplit

import anyio.to_thread

from local.simulator.wire import Call, Response

type Conversation[T] = Generator[Call, Response | None, T]
"""Yields calls; is sent the answer to each, or None where none came; returns what was wanted."""

type Post = Callable[[str, Mapping[str, str], bytes, float], tuple[int, Mapping[str, str], bytes]]
"""(url, headers, body, timeout in seconds) -> (status, headers, body); an OSError where no answer came in time."""


def place(call: Call, post: Post) -> Response | None:
    """Make a call; None if nobody answered."""
    try:
        status, headers, body = post(call.url, call.headers, call.body, call.timeout_s)
    except OSError:
        return None
    return Response(status, {name.lower(): value for name, value in headers.items()}, body)


def hold[T](conversation: Conversation[T], post: Post) -> T:
    """Go through a conversation here and now."""
    try:
        call = next(conversation)
        while True:
            call = conversation.send(place(call, post))
    except StopIteration as end:
        result: T = end.value
        return result


async def hold_in_threads[T](conversation: Conversation[T], post: Post) -> T:
    """Go through a conversation; its calls wait in threads, all else happens on the event loop."""
    try:
        call = next(conversation)
        while True:
            answer = await anyio.to_thread.run_sync(place, call, post, abandon_on_cancel=True)
            call = conversation.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


def agree(
    url: str,
    headers: Mapping[str, str],  # noqa: ARG001 - a Post
    body: bytes,  # noqa: ARG001
    timeout_s: float,  # noqa: ARG001
) -> tuple[int, Mapping[str, str], bytes]:
    """A subscriber in a few words: returns the validation token, or accepts the notification."""
    token = parse_qs(urlsplit(url).query).get("validationToken")
    if token is None:
        return 202, {}, b""
    return 200, {"Content-Type": "text/plain"}, token[0].encode()
