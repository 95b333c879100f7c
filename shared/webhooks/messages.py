"""The messages of the queue ``graph-notifications``: identifiers only, since whoever acts asks Graph itself. Pure."""

from typing import Literal

import msgspec

from shared.errors import DataNotUnderstood

MOST_BYTES = 48 * 1024
"""A queue message holds 64 KiB, and base64 leaves 48 KiB of it."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One notification that passed the checks. What Graph did not send is empty."""

    v: Literal[1] = 1
    kind: Literal["change", "lifecycle"]
    received: str
    """When it came; an instant in Graph's form."""
    tenantId: str  # noqa: N815  Graph's own names, as the queue's readers know them
    subscriptionId: str  # noqa: N815
    changeType: str = ""  # noqa: N815
    resource: str = ""
    resourceId: str = ""  # noqa: N815
    lifecycleEvent: str = ""  # noqa: N815


def encode(message: Message) -> str:
    """The message's text."""
    return msgspec.json.encode(message).decode()


def decode(text: str | bytes) -> Message:
    """Read a message.

    Raises:
        DataNotUnderstood: it is none of ours; the poison queue keeps it.
    """
    try:
        return msgspec.json.decode(text, type=Message)
    except msgspec.DecodeError as error:
        raise DataNotUnderstood(f"A message in graph-notifications is not a notification ({error}).") from error
