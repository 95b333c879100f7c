"""The forms that the text of a setting may have, and the values they become.

A form says in words what it wants, so that a message need not repeat what was there: an operator may
have put a secret into the wrong setting.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Form:
    """What a setting must be, to follow "must be", and how its text becomes a value (or ValueError)."""

    words: str
    parse: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """A storage account by its connection string, which may hold its key."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A storage account by the URL of one of its services; an identity opens it."""

    url: str


type Account = ConnectionString | Endpoint


@dataclass(frozen=True, slots=True)
class TenantsBlob:
    """The blob in ``STATE_CONTAINER`` that lists the tenants, one GUID a line."""

    name: str


@dataclass(frozen=True, slots=True)
class WantedSubscription:
    """What to be notified of."""

    resource: str
    """Path of a Graph resource, without a leading slash: ``security/alerts_v2``."""
    change_type: str
    """Some of ``created,updated,deleted``, in this order."""


CHANGE_TYPES: Final = ("created", "updated", "deleted")


def _require(truth: object) -> None:
    if not truth:
        raise ValueError


def _items(text: str) -> tuple[str, ...]:
    """Parts between commas, none of them empty."""
    items = tuple(item.strip() for item in text.split(","))
    _require(all(items))
    return items


def _once[T](items: Sequence[T]) -> tuple[T, ...]:
    _require(len(set(items)) == len(items))
    return tuple(items)


def _guid(text: str) -> str:
    guid = text.lower()
    _require(str(UUID(guid)) == guid)  # UUID also takes braces, a URN and no hyphens
    return guid


def _tenants(text: str) -> tuple[str, ...] | TenantsBlob:
    if text.startswith("blob:"):
        name = text.removeprefix("blob:").strip()
        _require(re.fullmatch(r"[^/\s][^\s]{0,1023}", name))
        return TenantsBlob(name)
    return _once([_guid(item) for item in _items(text)])


def _container(text: str) -> str:
    _require(3 <= len(text) <= 63 and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text))
    return text


def _url(text: str) -> str:
    """A URL without user, password or fragment; https, but for what runs on the same machine."""
    url = urlsplit(text)
    local = url.hostname in ("127.0.0.1", "localhost")
    _require(url.scheme == "https" or (url.scheme == "http" and local))
    _require(url.hostname and url.port != 0 and "@" not in url.netloc and "#" not in text)
    _require(not re.search(r"[\s\x00-\x1f]", text))
    return text


def _origin(text: str) -> str:
    origin = _url(text).rstrip("/")
    _require("/" not in origin.split("://", 1)[1] and "?" not in origin)
    return origin


def _endpoint(text: str) -> Endpoint:
    _require("?" not in text)  # a shared access signature would be a secret in a place for none
    return Endpoint(_url(text).rstrip("/"))


def _schedule(text: str) -> str:
    fields = text.split()
    _require(len(fields) in (5, 6) and all(re.fullmatch(r"[0-9A-Za-z*/,-]+", part) for part in fields))
    return text


def _client_states(text: str) -> tuple[str, ...]:
    states = _items(text)
    _require(all(len(state) <= 128 for state in states))
    return states


def _subscriptions(text: str) -> tuple[WantedSubscription, ...]:
    wanted = json.loads(text)
    _require(isinstance(wanted, list))
    return _once([_subscription(item) for item in wanted])


def _subscription(item: object) -> WantedSubscription:
    match item:
        case {"resource": str(resource), "changeType": str(change_type), **rest} if not rest:
            path = resource.strip().lstrip("/")
            changes = _once(_items(change_type))
            _require(path and "://" not in path and set(changes) <= set(CHANGE_TYPES))
            return WantedSubscription(path, ",".join(sorted(changes, key=CHANGE_TYPES.index)))
        case _:
            raise ValueError


GUID: Final = Form("a GUID, like 8a6e1c2f-0b1d-4c7e-9f3a-5d2b7c9e1f00", _guid)
TENANTS: Final = Form("GUIDs with commas between them, each once, or blob:<name>", _tenants)
CONTAINER: Final = Form(
    "a container's name: 3 to 63 lower-case letters, digits and single hyphens between them", _container
)
ORIGIN: Final = Form(
    "a URL like https://graph.microsoft.com, without a path (http only for 127.0.0.1 and localhost)", _origin
)
URL: Final = Form("an https URL without user or fragment (http only for 127.0.0.1 and localhost)", _url)
ENDPOINT: Final = Form(
    "the https URL of a storage service, like https://<account>.blob.core.windows.net, without a signature",
    _endpoint,
)
SCHEDULE: Final = Form("an NCRONTAB expression of 5 or 6 fields, like 0 */5 * * * *", _schedule)
CLIENT_STATES: Final = Form(
    "secrets of 1 to 128 characters with commas between them, the one for new subscriptions first",
    _client_states,
)
SUBSCRIPTIONS: Final = Form(
    'a JSON list of {"resource": "security/alerts_v2", "changeType": "created,updated"}, each once, '
    f"with no other keys, and changes out of {', '.join(CHANGE_TYPES)}",
    _subscriptions,
)


def whole(low: int, high: int) -> Form:
    """A whole number between both, which are included."""

    def parse(text: str) -> int:
        _require(text.isascii() and text.isdigit() and low <= int(text) <= high)
        return int(text)

    return Form(f"a whole number from {low} to {high}", parse)


def one_of(choices: type[StrEnum]) -> Form:
    """One word of an enum."""
    return Form(" or ".join(choices), choices)


def some_of(names: Sequence[str]) -> Form:
    """Some names of a list, at least one, each once."""

    def parse(text: str) -> tuple[str, ...]:
        chosen = _once(_items(text))
        _require(set(chosen) <= set(names))
        return chosen

    return Form(f"some of {', '.join(names)}, with commas between them, each once", parse)
