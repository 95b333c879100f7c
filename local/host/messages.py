"""Queue messages: from what a function gave to what lies on the queue, and back. Pure.

Azure's host expects base64 unless host.json says ``"messageEncoding": "none"``; azure-storage-queue writes plain text
unless it is told otherwise, and such a message goes straight to the poison queue
(https://github.com/Azure/azure-sdk-for-net/issues/21449).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime

from azure.storage.queue import QueueMessage

from local.host.protos import TypedData
from local.host.worker import InvocationFailed


def encode(payload: bytes, encoding: str) -> str:
    """A message's text on the queue."""
    return base64.b64encode(payload).decode() if encoding == "base64" else payload.decode()


def decode(text: str, encoding: str) -> str | None:
    """What a function gets, or None when the text is not in the app's encoding."""
    if encoding == "none":
        return text
    try:
        payload = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return payload.decode("utf-8", errors="replace")


def payloads(output: TypedData) -> list[bytes]:
    """The messages that a function gave to a queue output.

    Raises:
        InvocationFailed: the value is one that Azure's host changes on the way, or that the local host does not know.
    """
    if output.json is not None:
        items = json.loads(output.json)
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return [item.encode() for item in items]
    if output.string is not None:
        return [_single(output.string).encode()]
    if output.bytes is not None:
        return [output.bytes]
    raise InvocationFailed("a queue output must be a list of strings, a string or bytes")


def _single(text: str) -> str:
    """Refuse what Azure's host would not pass on as it is.

    A single string that looks like JSON is parsed again there: an array becomes several messages, an object is
    written anew with line breaks and its dates in another form (azure-functions-host, FunctionBinding.cs and
    Utility.IsJson). Strings in a list go through unchanged.
    """
    trimmed = text.strip()
    if (trimmed[:1], trimmed[-1:]) in {("{", "}"), ("[", "]")}:
        raise InvocationFailed(
            "a queue output got one string that looks like JSON; Azure's host would parse and rewrite it. "
            "Declare the output as func.Out[typing.List[str]] and set a list, even for one message."
        )
    return text


def trigger_metadata(message: QueueMessage) -> Mapping[str, TypedData]:
    """The message's properties under the names from which the worker makes a ``func.QueueMessage``."""
    return {
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "DequeueCount": TypedData(json=str(message.dequeue_count)),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(value: datetime | None) -> TypedData:
    return TypedData(json=json.dumps(value.isoformat() if value else None))
