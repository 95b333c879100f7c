"""A POST of Graph -> what may go on the queue. Pure.

Anybody on the internet can post here. What proves a notification is its clientState, and that alone; it is compared
in constant time with every accepted value, so that a secret can be changed while subscriptions still carry the one
before (Change notifications, "Validate the authenticity").
"""

import hmac
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import category

import msgspec

from shared.webhooks.messages import MOST_BYTES, Message, encode

MOST_BODY_BYTES = 1024 * 1024
MOST_TOKEN_BYTES = 4 * 1024


class Malformed(Exception):
    """The request is not one that Graph sends; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a POST brought."""

    messages: Sequence[str]
    """For the queue, one an accepted notification."""
    dropped: Counter[str]
    """Reason -> how many: ``clientState``, ``tenant``, ``form``, ``size``."""


class _ResourceData(msgspec.Struct):
    id: str = ""


class _Item(msgspec.Struct, rename="camel"):
    """A change or lifecycle notification; the latter has neither resource nor changeType, against its own type."""

    subscription_id: str
    tenant_id: str
    client_state: str = ""
    change_type: str | None = None
    resource: str | None = None
    resource_data: _ResourceData | None = None
    lifecycle_event: str | None = None


class _Collection(msgspec.Struct):
    value: list[Any]


_NO_JSON = (msgspec.ValidationError, ValueError, RecursionError)


def validation_answer(token: str) -> str:
    """The text that answers Graph's validation request: its token, decoded, which is opaque.

    Raises:
        Malformed: too long, or with control characters.
    """
    if len(token.encode(errors="surrogatepass")) > MOST_TOKEN_BYTES:
        raise Malformed(f"The validation token is longer than {MOST_TOKEN_BYTES} bytes.")
    if any(category(character) in ("Cc", "Cs") for character in token):
        raise Malformed("The validation token has control characters.")
    return token


def read(
    body: bytes, content_type: str, *, client_states: Sequence[str], tenants: Collection[str], received: str
) -> Batch:
    """Check a POST, item by item: a forged one costs its neighbours nothing.

    Raises:
        Malformed: the body as a whole is not a collection of notifications.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Malformed("The content type must be application/json.")
    if len(body) > MOST_BODY_BYTES:
        raise Malformed(f"The body is longer than {MOST_BODY_BYTES} bytes.")
    try:
        # Not msgspec's own parser: half a surrogate in one item would cost it all the others.
        items = msgspec.convert(json.loads(body), _Collection).value
    except _NO_JSON as error:
        raise Malformed("The body is not a JSON collection of notifications.") from error
    messages: list[str] = []
    dropped: Counter[str] = Counter()
    for given in items:
        text, reason = _check(given, client_states, tenants, received)
        if text:
            messages.append(text)
        else:
            dropped[reason] += 1
    return Batch(messages, dropped)


def _check(given: Any, states: Sequence[str], tenants: Collection[str], received: str) -> tuple[str, str]:
    """The message of one item, or empty with the reason why there is none."""
    try:
        item = msgspec.convert(given, _Item)
    except msgspec.ValidationError:
        return "", "form"
    if not _is_ours(item.client_state, states):
        return "", "clientState"
    if item.tenant_id.lower() not in tenants:
        return "", "tenant"
    try:
        text = _message(item, received)
    except UnicodeEncodeError:
        return "", "form"
    return (text, "") if len(text.encode()) < MOST_BYTES else ("", "size")


def _message(item: _Item, received: str) -> str:
    return encode(
        Message(
            kind="lifecycle" if item.lifecycle_event else "change",
            received=received,
            tenantId=item.tenant_id.lower(),
            subscriptionId=item.subscription_id,
            changeType=item.change_type or "",
            resource=item.resource or "",
            resourceId=item.resource_data.id if item.resource_data else "",
            lifecycleEvent=item.lifecycle_event or "",
        )
    )


def _is_ours(given: str, states: Sequence[str]) -> bool:
    """Compare with every accepted value, always all of them, each in constant time."""
    sent = given.encode(errors="surrogatepass")
    return any([hmac.compare_digest(sent, state.encode()) for state in states])  # noqa: C419  no early end
