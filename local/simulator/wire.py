"""Requests and responses as values; whoever speaks HTTP translates."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``path`` as sent (an id in it may be percent-encoded); ``query`` decoded; header keys lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def prefers(self, preference: str) -> bool:
        """Whether ``Prefer`` holds this one; several come in one header, separated by commas."""
        return preference in (each.strip() for each in self.headers.get("prefer", "").split(","))


@dataclass(frozen=True, slots=True)
class Response:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A POST that Graph itself makes, to whoever subscribes."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float
