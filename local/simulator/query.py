"""The query options of a list: what is asked for, checked by each source's rules."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from local.simulator.errors import invalid_query
from local.simulator.odata_filter import Filter, read_filter
from local.simulator.sources import Source

_MAX_SKIP = 500
_OPTIONS = frozenset({"$count", "$filter", "$orderby", "$skip", "$skiptoken", "$top"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: so many records into the *present* order of each part.

    That is why records that move while a client pages slip over the page's edge, as they do in Graph.
    """

    offsets: tuple[int, ...]
    first: bool = False
    """True on the request that carries no token."""


@dataclass(frozen=True, slots=True)
class Query:
    """A list request that Graph accepts."""

    top: int
    position: Position
    filter: Filter
    descending: bool
    count: bool


def read_query(options: Mapping[str, str], source: Source, parts: int, *, max_top: int | None = None) -> Query:
    """Read and check the options.

    Args:
        options: the query string, decoded.
        source: whose rules apply.
        parts: how many offsets a skip token has.
        max_top: a silent clamp beside the source's own limit.

    Raises:
        Refusal: 400, in Graph's words where they are known.
    """
    for name in options:
        if name not in _OPTIONS:
            raise invalid_query(f"The query parameter '{name}' is not supported.")
    skip = _number(options, "$skip", 0)
    if skip > _MAX_SKIP:
        raise invalid_query(f"The limit of '{_MAX_SKIP}' for Skip query has been exceeded.")
    top = _top(options, source)
    if token := options.get("$skiptoken"):
        position = Position(read_token(token, source, parts))
    else:
        position = Position((skip,) * parts, first=True)
    return Query(
        top=top if max_top is None else min(top, max_top),
        position=position,
        filter=read_filter(options.get("$filter"), source),
        descending=_descending(options.get("$orderby"), source),
        count=_flag(options.get("$count", "false")),
    )


def _top(options: Mapping[str, str], source: Source) -> int:
    top = _number(options, "$top", source.default_top)
    if top > source.max_top and not source.clamps_top:
        raise invalid_query(
            f"The limit of '{source.max_top}' for Top query has been exceeded. "
            f"The value from the incoming request is '{top}'."
        )
    return min(top, source.max_top)


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise invalid_query(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise invalid_query(f"Invalid value '{text}' for $count query option found.")
    return text == "true"


def _descending(orderby: str | None, source: Source) -> bool:
    """The list is newest first unless ``$orderby`` says otherwise; only the cursor can be ordered by."""
    if orderby is None:
        return True
    words = orderby.split()
    if words[:1] != [source.cursor] or words[1:] not in ([], ["asc"], ["desc"]):
        raise invalid_query(f"The $orderby expression '{orderby}' is not supported.")
    return words[1:] == ["desc"]


def write_token(offsets: tuple[int, ...], source: Source) -> str:
    """An opaque ``$skiptoken``: the offsets, and a check that tells a garbled or foreign one."""
    payload = json.dumps(offsets, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(payload, source) + payload).decode().rstrip("=")


def read_token(token: str, source: Source, parts: int) -> tuple[int, ...]:
    """The offsets in a token.

    Raises:
        Refusal: 400, if it is not one that this source made.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        check, payload = raw[:6], raw[6:]
        if check != _check(payload, source):
            raise ValueError("garbled")
        offsets = tuple(json.loads(payload))
        if len(offsets) != parts:
            raise ValueError("of another federation")
    except ValueError:
        raise invalid_query("The value of query option '$skiptoken' is invalid.") from None
    return offsets


def _check(payload: bytes, source: Source) -> bytes:
    return hashlib.blake2s(payload, digest_size=6, key=source.name.encode()).digest()
