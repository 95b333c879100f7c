"""The validation call: whoever is notified must say so, within 10 seconds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from local.simulator.conversation import Conversation
from local.simulator.errors import Refusal
from local.simulator.wire import Call

LIMIT_S = 10.0
_TYPE = "text/plain"


def validate(url: str, subscription_id: str, now: Callable[[], datetime]) -> Conversation[None]:
    """Ask an endpoint to return the token, decoded and as plain text.

    The token is opaque; this one has what a query must encode, a space among it (sent as ``+``, as Graph does).

    Raises:
        Refusal: 400; the words are quoted in splunk/azure-functions-splunk#26 (2024),
            microsoftgraph/nodejs-webhooks-sample#350 and microsoftgraph/java-spring-webhooks-sample#82.
    """
    token = f"Validation: Testing client application reachability for subscription Request-Id: {subscription_id}/+=&%2B"
    begun = now()
    answer = yield Call(
        f"{url}{'&' if '?' in url else '?'}validationToken={quote_plus(token)}",
        {"Content-Type": f"{_TYPE}; charset=utf-8"},
        b"",
        LIMIT_S,
    )
    if now() - begun > timedelta(seconds=LIMIT_S):
        raise _failed("timed out.")
    if answer is None or answer.status != 200:
        raise _failed("failed. Notification endpoint must respond with 200 OK to validation request.")
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise _failed("failed. Content-Type of the response must be text/plain.")
    if answer.body != token.encode():
        raise _failed("failed. Response must exactly match validationToken query parameter.")


def refuse() -> Refusal:
    """The failure of an endpoint that nobody asked."""
    return _failed("failed. Notification endpoint must respond with 200 OK to validation request.")


def _failed(how: str) -> Refusal:
    return Refusal(400, "ValidationError", f"Subscription validation request {how}")
