"""Documents with slots, so that a record costs microseconds and its module still reads as JSON."""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from local.simulator.history import dice
from local.simulator.products import UNKNOWN_FUTURE_VALUE, Product

_SLOT = re.compile(r'"«=(\w+)»"|«(\w+)»')


class Record(NamedTuple):
    """All that decides a record's bytes."""

    id: str
    ordinal: int
    stage: int
    """How often it was updated; 0 is the record as it was created. What apps wrote lies over it."""
    stage_at: int
    """Ticks of the last of these updates."""
    at: int
    """Ticks of this revision."""
    first_at: int
    """Ticks of revision 0."""
    dice: int
    """64 bits that vary the record; the same for all its revisions."""
    seed: int
    """What the whole set's dice are thrown with."""
    generated: bool
    """Whether it is of the past that was there at the start; what is created later begins at its beginning."""
    product: Product
    tenant_id: str


class Document:
    """A JSON document with slots: ``«name»`` inside a text, ``«=name»`` for a whole JSON value."""

    def __init__(self, content: Any) -> None:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("%", "%%")
        self._form = _SLOT.sub(lambda match: f"%({match[1] or match[2]})s", text)

    def fill(self, values: dict[str, object]) -> bytes:
        """The document as bytes."""
        return (self._form % values).encode()


def guid(dice: int, ordinal: int) -> str:
    """A GUID whose last twelve digits are the ordinal."""
    return f"{dice >> 32:08x}-{dice >> 16 & 0xFFFF:04x}-4{dice >> 4 & 0xFFF:03x}-8{dice & 0xFFF:03x}-{ordinal:012x}"


@lru_cache(maxsize=8192)
def entity_guid(number: int) -> str:
    """The GUID of a user or device, which has the same one in all its alerts."""
    return guid(dice(number, number), number)


def member(value: str, *, evolvable: bool, known_only: bool) -> str:
    """An enum member as a request sees it.

    Members after ``unknownFutureValue`` are masked unless the request carries
    ``Prefer: include-unknown-enum-members`` (Graph best practices, "Handling future members").
    """
    return UNKNOWN_FUTURE_VALUE if evolvable and known_only else value


def json_texts(*texts: str) -> tuple[str, ...]:
    """JSON strings; every second one escapes what is not ASCII, since Graph's back ends differ in that."""
    return tuple(json.dumps(text, ensure_ascii=index % 2 == 1) for index, text in enumerate(texts))
