r"""Reading what the fast parser refuses. Pure.

msgspec takes no half of a surrogate pair (``\ud800``), which JSON allows and which an attacker can put into the title
of an alert. Such a page must neither be lost nor stop the export: Python's own parser takes it, at a twentieth of the
speed, and tells where each record begins and ends.
"""

import json

import msgspec

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"


def decode[T](raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """A record as the decoder reads it, by Python's parser where msgspec refuses the JSON.

    Raises:
        msgspec.ValidationError: it has another form.
        ValueError, RecursionError: not JSON.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(bytes(raw)), decoder.type)


def split(body: bytes) -> tuple[list[bytes], str | None]:
    """The records of a page's ``value``, as they came, and its nextLink.

    Raises:
        ValueError, RecursionError: not JSON, or no list of records.
    """
    text = body.decode()
    records: list[bytes] | None = None
    next_link = None
    at = _skip(text, 0, "{")
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at, ":")
        if key == "value":
            records, at = _records(text, at)
        else:
            value, at = _DECODER.raw_decode(text, at)
            if key == "@odata.nextLink":
                next_link = value
        at = _comma(text, at)
    if records is None or not isinstance(next_link, str | None):
        raise ValueError("there is no list of records")
    return records, next_link


def _records(text: str, at: int) -> tuple[list[bytes], int]:
    records = []
    at = _skip(text, at, "[")
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        records.append(text[at:end].encode())
        at = _comma(text, end)
    return records, at + 1


def _comma(text: str, at: int) -> int:
    at = _blank(text, at)
    return _blank(text, at + 1) if text[at : at + 1] == "," else at


def _skip(text: str, at: int, expected: str) -> int:
    at = _blank(text, at)
    if text[at : at + 1] != expected:
        raise ValueError(f"{expected} is missing at {at}")
    return _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
