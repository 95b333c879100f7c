"""``microsoft.graph.security.incident``: what joins alerts of several products."""

import json

from local.simulator.products import PRODUCTS
from local.simulator.records.alerts_v2 import FIRST_INCIDENT
from local.simulator.records.comments import comments
from local.simulator.records.document import Document, Record, member
from local.simulator.timestamps import TICKS_PER_SECOND, text

_SEVERITIES = ("informational", "low", "medium", "high")
# ``awaitingAction`` stands behind unknownFutureValue.
_STATUSES = ("active", "inProgress", "awaitingAction", "resolved")
_PRODUCTS_JOINED = 3

_DOCUMENT = Document(
    {
        "id": "«id»",
        "tenantId": "«tenant»",
        "status": "«status»",
        "severity": "«severity»",
        "classification": "unknown",
        "determination": "unknown",
        "displayName": "«=name»",
        "description": 'Alerts that share the user "user«number»" were joined.',
        "summary": None,
        "assignedTo": "«=assigned»",
        "incidentWebUrl": "https://security.microsoft.com/incidents/«id»?tid=«tenant»",
        "redirectIncidentId": None,
        "resolvingComment": None,
        "priorityScore": "«=priority»",
        "lastModifiedBy": "Microsoft 365 Defender-AlertCorrelation",
        "createdDateTime": "«created»",
        "lastUpdateDateTime": "«at»",
        "customTags": ["Prüfung", "<b>Demo</b>"],
        "systemTags": [],
        "comments": "«=comments»",
    }
)


def _name(first: int) -> str:
    joined = [PRODUCTS[(first + step) % len(PRODUCTS)].name for step in range(_PRODUCTS_JOINED)]
    return json.dumps(f"Multi-stage incident „Initial access“ reported by {', '.join(joined)}", ensure_ascii=False)


_NAMES = tuple(_name(first) for first in range(len(PRODUCTS)))


def incident_id(_dice: int, ordinal: int) -> str:
    """A small number, as Defender counts them."""
    return str(FIRST_INCIDENT + ordinal)


def incident_ordinal(record_id: str) -> int | None:
    """The ordinal in an id."""
    return int(record_id) - FIRST_INCIDENT if record_id.isdecimal() else None


def incident(record: Record, *, known_only: bool) -> bytes:
    """An incident; each update brings it one status further."""
    dice, stage = record.dice, record.stage
    status = _STATUSES[min(stage + (dice >> 30) % 2 * 2, 3)]
    return _DOCUMENT.fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "status": member(status, evolvable=status == "awaitingAction", known_only=known_only),
            "severity": _SEVERITIES[dice >> 12 & 3],
            "name": _NAMES[dice % len(_NAMES)],
            "number": dice % 5000,
            "assigned": '"soc@contoso.com"' if stage else "null",
            "priority": dice % 101,
            "created": text(record.first_at - dice % 600 * TICKS_PER_SECOND),
            "at": text(record.at),
            "comments": comments(stage, text(record.stage_at)),
        }
    )
