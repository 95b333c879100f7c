"""One line of an export blob -> one row of the latest view. Pure.

The columns are the same for all sources. What a record does not have, or has in another form than Graph documents, is
null: a new field, an odd one, or an attacker's text never breaks the view, and all of it stands in ``raw``.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from shared import instants
from shared.graph.sources import Source
from shared.instants import MICROSECOND, Instant
from shared.views import records
from shared.views.records import instant

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


def read(line: bytes, source: Source) -> Row:
    """The row of a record.

    Raises:
        DataNotUnderstood: it has no id or no cursor, so no export can have written it.
    """
    record, revision = records.read(line, source)
    created = instant(record.created_date_time)
    vendor = record.vendor_information
    return Row(
        id=record.id,
        created_date_time=_microseconds(created),
        last_update_date_time=revision // MICROSECOND,
        first_activity_date_time=_microseconds(instant(record.first_activity_date_time or record.event_date_time)),
        last_activity_date_time=_microseconds(instant(record.last_activity_date_time or record.last_event_date_time)),
        resolved_date_time=_microseconds(instant(record.resolved_date_time or record.closed_date_time)),
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
        raw=line.decode(errors="replace"),
        month=_month(created),
    )


def _microseconds(instant: Instant | None) -> Microseconds | None:
    return None if instant is None else instant // MICROSECOND


def _month(created: Instant | None) -> str:
    if created is None:
        return MONTH_UNKNOWN
    day = instants.to_date(created)
    return f"{day.year:04}-{day.month:02}"
