"""What is remembered of a tenant's subscriptions: Graph does not tell their clientState."""

from hashlib import sha256

import msgspec

from shared.errors import DataNotUnderstood
from shared.storage.blobs import Blobs


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """One wanted subscription, as the last maintenance left it."""

    resource: str
    change_type: str
    id: str = ""
    """Empty where there is none."""
    made_with: str = ""
    """Digest of the clientState and the lifecycle URL that it was made with."""
    posts_to: str = ""
    """Digest of the notification URL that Graph was told last."""
    expires: str = ""
    made: str = ""
    """When it was made last; an instant in Graph's form. Empty where it never was."""
    refused: str = ""
    """When Graph refused it last; empty where it is not refused."""
    held: bool = False
    """Whether it is refused for good, so that it is tried but once a day."""
    message: str = ""
    """Graph's own words on the refusal."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's subscriptions."""

    v: int = 1
    checked: str = ""
    failure: str = ""
    """Why the last maintenance could not be done; empty where it was."""
    subscriptions: list[Subscribed] = []


def name(tenant: str) -> str:
    """Where it lies in STATE_CONTAINER."""
    return f"subscriptions/{tenant}.json"


def notified_name(tenant: str) -> str:
    """Where the time of the last notification lies."""
    return f"notified/{tenant}.json"


class _Notified(msgspec.Struct):
    at: str


def remember_notified(blobs: Blobs, tenant: str, received: str) -> None:
    """Keep when the last notification came. Whoever writes last wins: only silence of hours matters."""
    blobs.put(notified_name(tenant), msgspec.json.encode(_Notified(received)))


def last_notified(blobs: Blobs, tenant: str) -> str | None:
    """When the last notification came; an instant in Graph's form.

    Raises:
        DataNotUnderstood: somebody else's hand was in it.
    """
    stored = blobs.read(notified_name(tenant))
    return _decoded(stored.data, _Notified, "notified/").at if stored else None


def digest(*texts: str) -> str:
    """What is remembered of secrets."""
    return sha256("\0".join(texts).encode()).hexdigest()


def encode(memory: Memory) -> bytes:
    """As JSON."""
    return msgspec.json.encode(memory)


def decode(data: bytes) -> Memory:
    """Read it back.

    Raises:
        DataNotUnderstood: somebody else's hand was in it.
    """
    return _decoded(data, Memory, "subscriptions/")


def _decoded[T](data: bytes, kind: type[T], folder: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataNotUnderstood(f"A tenant's {folder} blob can't be read ({error}): delete it.") from error
