"""One answer of Graph to a list request -> its records, untouched. Pure.

A record is never parsed and written again: it is cut out of the page as the bytes that Graph sent, and of it only
the id, the cursor and, where a page joins providers, the provider are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from re import compile as pattern
from typing import Any

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph import lenient
from shared.graph.sources import Source
from shared.instants import Instant

KEY_BYTES = 12

UNKNOWN_PROVIDER = "unknown/unknown"
"""Stands for whoever a Warning header in another form may mean."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One revision of a record."""

    raw: bytes | msgspec.Raw
    """The record as Graph sent it, without line breaks: one line of NDJSON."""
    at: Instant
    """The cursor: when this revision was made; 0 where the source has none."""
    key: bytes
    """96-bit digest of ``(id, cursor)``: equal keys are the same revision."""
    provider: str
    """Who sent it, where a page joins several providers; else empty."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    rows: Sequence[Row]
    next_link: str | None
    """Opaque: followed whole, never parsed."""
    failed: Mapping[str, int]
    """The providers that failed, ``Vendor/Provider`` -> status; empty unless Graph answered 206."""


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class _Vendor(msgspec.Struct, gc=False):
    provider: str | None = None


# Graph's header: 199 - "{Vendor}/{Provider}/{StatusCode}/{LatencyInMs}", ... (List alerts, "Response").
_WARNING = pattern(r'199\s*-\s*"\{?([^/"]*?)\}?/\{?([^/"]*?)\}?/(\d{3})/[^"]*"')


class PageReader:
    """Reads the pages of one source."""

    def __init__(self, source: Source) -> None:
        fields: list[Any] = [("id", str)]
        if source.cursor:
            fields.append(("cursor", str, msgspec.field(name=source.cursor)))
        if source.federated:
            fields.append(("vendor", _Vendor | None, msgspec.field(name="vendorInformation", default=None)))
        self._source = source
        self._federated = source.federated
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._record: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("Record", fields, gc=False))

    def page(self, status: int, headers: Mapping[str, str], body: bytes) -> Page:
        """Split a 200 or 206. Header names are lower case.

        Raises:
            DataNotUnderstood: not a list, or a record without id or cursor.
        """
        try:
            raws, next_link = self._split(body)
        except (IndexError, ValueError, RecursionError) as error:
            raise DataNotUnderstood(f"{self._source.name}: the answer is not a list of records ({error})") from error
        if b"\n" in body or b"\r" in body:
            raws = [_one_line(bytes(raw)) for raw in raws]
        failed = failed_providers(headers.get("warning", "")) if status == 206 else {}
        return Page([self.row(raw) for raw in raws], next_link, failed)

    def row(self, raw: bytes | msgspec.Raw) -> Row:
        """Read what identifies one record.

        Raises:
            DataNotUnderstood: no id or no cursor.
        """
        try:
            record = lenient.decode(raw, self._record)
            at = instants.from_text(record.cursor) if self._source.cursor else 0
        except (ValueError, RecursionError) as error:
            what = f"{self._source.name}: a record has no usable id or {self._source.cursor or 'form'} ({error})"
            raise DataNotUnderstood(what) from error
        key = blake2b(b"%d\0%b" % (at, record.id.encode(errors="surrogatepass")), digest_size=KEY_BYTES).digest()
        provider = record.vendor.provider or "" if self._federated and record.vendor else ""
        return Row(raw, at, key, provider)

    def identities(self, lines: bytes | memoryview) -> list[Any]:
        """The ``id`` and, where the source has one, the ``cursor`` of each line of NDJSON: ``row``, ten times as fast.

        Raises:
            DataNotUnderstood: a line has no id or no cursor.
        """
        try:
            return self._record.decode_lines(lines)
        except (msgspec.DecodeError, RecursionError):
            pass  # half of a surrogate pair, or what is no record: line by line then
        try:
            return [lenient.decode(line, self._record) for line in bytes(lines).splitlines()]
        except (ValueError, RecursionError) as error:
            raise DataNotUnderstood(f"{self._source.name}: a line is not a record ({error})") from error

    def _split(self, body: bytes) -> tuple[Sequence[bytes | msgspec.Raw], str | None]:
        try:
            envelope = self._envelope.decode(body)
        except msgspec.DecodeError:
            return lenient.split(body)
        return envelope.value, envelope.next_link


def failed_providers(warning: str) -> dict[str, int]:
    """The items of a 206's Warning header as ``Vendor/Provider`` -> status.

    A header in another form still means that something is missing: it counts as one unknown provider.
    """
    items = {f"{vendor}/{provider}": int(status) for vendor, provider, status in _WARNING.findall(warning)}
    return items or {UNKNOWN_PROVIDER: 206}


def _one_line(raw: bytes) -> bytes:
    # Inside a JSON string a line break is always escaped, so these stand between tokens.
    return raw.replace(b"\r", b"").replace(b"\n", b"")
