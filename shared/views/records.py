"""One line of an export blob, as the views look at it. Pure.

The members have one name for all sources. One that a record does not have, or has in another form than Graph documents,
is None: a new field, an odd one, or an attacker's text costs itself alone.
"""

import json
from typing import Any, Final

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.sources import Source
from shared.instants import Instant


class Vendor(msgspec.Struct, gc=False):
    """Of a legacy alert (microsoft.graph.securityVendorInformation)."""

    provider: str | None = None


class Record(msgspec.Struct, gc=False, rename="camel"):
    """What is looked at, under Graph's names; times as Graph wrote them."""

    id: str
    created_date_time: str | None = None
    last_update_date_time: str | None = None
    last_modified_date_time: str | None = None
    first_activity_date_time: str | None = None
    last_activity_date_time: str | None = None
    resolved_date_time: str | None = None
    event_date_time: str | None = None
    last_event_date_time: str | None = None
    closed_date_time: str | None = None
    title: str | None = None
    display_name: str | None = None
    severity: str | None = None
    status: str | None = None
    classification: str | None = None
    determination: str | None = None
    service_source: str | None = None
    product_name: str | None = None
    vendor_information: Vendor | None = None
    assigned_to: str | None = None
    incident_id: str | None = None
    mitre_techniques: list[str] | None = None


_decoder: Final = msgspec.json.Decoder(Record)
_TEXTS: Final = {each.name: each.encode_name for each in msgspec.structs.fields(Record) if each.type == str | None}


def read(line: bytes, source: Source) -> tuple[Record, Instant]:
    """A record, and when this revision of it was made.

    Raises:
        DataNotUnderstood: it has no id or no cursor, so no export can have written it.
    """
    try:
        record = _record(line)
        cursor = (
            record.last_update_date_time if source.cursor == "lastUpdateDateTime" else record.last_modified_date_time
        )
        return record, instants.from_text(cursor or "")
    except (ValueError, RecursionError) as error:
        what = f"{source.name}: a line has no usable id or {source.cursor}. Verify the export."
        raise DataNotUnderstood(what) from error


def instant(text: str | None) -> Instant | None:
    """A time as Graph wrote it; None where it is none."""
    if text is None:
        return None
    try:
        return instants.from_text(text)
    except ValueError:
        return None


def _record(line: bytes) -> Record:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A field in another form, half of a surrogate pair, or bytes that are not UTF-8.
        return _carefully(json.loads(line.decode(errors="replace"), parse_int=_no_number, parse_float=_no_number))


def _carefully(fields: Any) -> Record:
    """Each field that is in its form.

    Raises:
        ValueError: the id is none.
    """
    if not isinstance(fields, dict) or not isinstance(id_ := fields.get("id"), str):
        raise ValueError("no record with an id")
    vendor = fields.get("vendorInformation")
    # Half of a surrogate pair stays an escape in an id, since two ids must not become one.
    return Record(
        id_.encode(errors="backslashreplace").decode(),
        vendor_information=Vendor(_text(vendor.get("provider"))) if isinstance(vendor, dict) else None,
        mitre_techniques=_texts(fields.get("mitreTechniques")),
        **{field: _text(fields.get(name)) for field, name in _TEXTS.items()},
    )


def _no_number(_: str) -> None:
    """None is looked at, and one of 5,000 digits would be refused."""


def _texts(value: object) -> list[str] | None:
    return [text for each in value if (text := _text(each)) is not None] if isinstance(value, list) else None


def _text(value: object) -> str | None:
    """The text, with U+FFFD for half of a surrogate pair: neither UTF-8 nor Parquet can hold it."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
