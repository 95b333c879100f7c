"""One line of an export blob -> one row of the latest view. Pure.

The columns are the same for all sources. What a record does not have, or has in another form than Graph documents, is
null: a new field, an odd one, or an attacker's text never breaks the view, and all of it stands in ``raw``.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.sources import Source
from shared.instants import MICROSECOND, Instant

COLUMNS: Final[Mapping[str, str]] = {
    "id": "VARCHAR",
    "createdDateTime": "TIMESTAMPTZ",
    "lastUpdateDateTime": "TIMESTAMPTZ",
    "firstActivityDateTime": "TIMESTAMPTZ",
    "lastActivityDateTime": "TIMESTAMPTZ",
    "resolvedDateTime": "TIMESTAMPTZ",
    "title": "VARCHAR",
    "severity": "VARCHAR",
    "status": "VARCHAR",
    "classification": "VARCHAR",
    "determination": "VARCHAR",
    "serviceSource": "VARCHAR",
    "product": "VARCHAR",
    "assignedTo": "VARCHAR",
    "incidentId": "VARCHAR",
    "mitreTechniques": "VARCHAR[]",
    "revision": "BIGINT",
    "raw": "VARCHAR",
}
"""The columns and their types in DuckDB's words, in order."""

MONTH_UNKNOWN: Final = "unknown"
"""Where records lie whose creation Graph does not tell. Another date would change with each revision."""

type Microseconds = int
"""Since 1970-01-01T00:00:00Z."""


class Row(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A revision: ``COLUMNS``, with instants in microseconds, and the month that it belongs to."""

    id: str
    created_date_time: Microseconds | None
    last_update_date_time: Microseconds
    first_activity_date_time: Microseconds | None
    last_activity_date_time: Microseconds | None
    resolved_date_time: Microseconds | None
    title: str | None
    severity: str | None
    status: str | None
    classification: str | None
    determination: str | None
    service_source: str | None
    product: str | None
    assigned_to: str | None
    incident_id: str | None
    mitre_techniques: list[str] | None
    revision: Instant
    """``lastUpdateDateTime`` as exactly as Graph tells it: units of 100 ns since 1970."""
    raw: str
    month: str
    """Of the creation, in UTC: ``2026-11``."""


class _Vendor(msgspec.Struct, gc=False):
    provider: str | None = None


class _Record(msgspec.Struct, gc=False, rename="camel"):
    """What is looked at, under the names of all sources."""

    id: str | None = None
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
    vendor_information: _Vendor | None = None
    assigned_to: str | None = None
    incident_id: str | None = None
    mitre_techniques: list[str] | None = None


_decoder: Final = msgspec.json.Decoder(_Record)
_TEXTS: Final = {each.name: each.encode_name for each in msgspec.structs.fields(_Record) if each.type == str | None}


def read(line: bytes, source: Source) -> Row:
    """The row of a record.

    Raises:
        DataNotUnderstood: it has no id or no cursor, so no export can have written it.
    """
    record, raw = _record(line)
    cursor = record.last_update_date_time if source.cursor == "lastUpdateDateTime" else record.last_modified_date_time
    revision = _instant(cursor)
    if record.id is None or revision is None:
        raise DataNotUnderstood(f"{source.name}: a line has no usable id or {source.cursor}. Verify the export.")
    created = _instant(record.created_date_time)
    vendor = record.vendor_information
    return Row(
        id=record.id,
        created_date_time=_microseconds(created),
        last_update_date_time=revision // MICROSECOND,
        first_activity_date_time=_microseconds(_instant(record.first_activity_date_time or record.event_date_time)),
        last_activity_date_time=_microseconds(_instant(record.last_activity_date_time or record.last_event_date_time)),
        resolved_date_time=_microseconds(_instant(record.resolved_date_time or record.closed_date_time)),
        title=record.title if record.title is not None else record.display_name,
        severity=record.severity,
        status=record.status,
        classification=record.classification,
        determination=record.determination,
        service_source=record.service_source,
        product=record.product_name if vendor is None else vendor.provider,
        assigned_to=record.assigned_to,
        incident_id=record.incident_id,
        mitre_techniques=record.mitre_techniques,
        revision=revision,
        raw=raw,
        month=_month(created),
    )


def _record(line: bytes) -> tuple[_Record, str]:
    """What is looked at, and the line as text."""
    try:
        return _decoder.decode(line), line.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A field in another form, half of a surrogate pair, or bytes that are not UTF-8.
        raw = line.decode(errors="replace")
        return _carefully(json.loads(raw, parse_int=str, parse_float=str)), raw  # no number is too long


def _carefully(fields: Mapping[str, Any]) -> _Record:
    """Each field that is in its form; what is not costs itself alone."""
    record = _Record(**{field: _text(fields.get(name)) for field, name in _TEXTS.items()})  # type: ignore[arg-type]
    record.id = _identifier(fields.get("id"))
    record.mitre_techniques = _texts(fields.get("mitreTechniques"))
    vendor = fields.get("vendorInformation")
    record.vendor_information = _Vendor(_text(vendor.get("provider"))) if isinstance(vendor, dict) else None
    return record


def _identifier(value: object) -> str | None:
    """The id; half of a surrogate pair stays an escape, since two ids must not become one."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else None


def _texts(value: object) -> list[str] | None:
    return [text for each in value if (text := _text(each)) is not None] if isinstance(value, list) else None


def _text(value: object) -> str | None:
    """The text, with U+FFFD for half of a surrogate pair: neither UTF-8 nor Parquet can hold it."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _instant(text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        return instants.from_text(text)
    except ValueError:
        return None


def _microseconds(instant: Instant | None) -> Microseconds | None:
    return None if instant is None else instant // MICROSECOND


def _month(created: Instant | None) -> str:
    if created is None:
        return MONTH_UNKNOWN
    day = instants.to_date(created)
    return f"{day.year:04}-{day.month:02}"
