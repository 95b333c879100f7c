"""``secureScore``: the tenant's score of one day."""

import json

from local.simulator.records.adoption import courses
from local.simulator.records.controls import CONTROLS, SERVICES, Control
from local.simulator.records.document import Document, Record
from local.simulator.timestamps import day_text, short_text

_LICENSED = 5000
_COUNTED = tuple(control for control in CONTROLS if control.max_score)
_MAXIMA = tuple(control.max_score or 0.0 for control in _COUNTED)
_SERVICES = tuple(control.service for control in _COUNTED)

_DOCUMENT = Document(
    {
        "id": "«id»",
        "azureTenantId": "«tenant»",
        "activeUserCount": "«=active_users»",
        "createdDateTime": "«at»",
        "currentScore": "«=score»",
        "enabledServices": ["HasExchange", "HasSharePoint", "HasEDU"],
        "licensedUserCount": _LICENSED,
        "maxScore": sum(_MAXIMA),
        "vendorInformation": {
            "provider": "SecureScore",
            "providerVersion": None,
            "subProvider": None,
            "vendor": "Microsoft",
        },
        "averageComparativeScores": [
            {"basis": "AllTenants", "averageScore": "«=all_tenants»"},
            {
                "basis": "TotalSeats",
                "averageScore": "«=seats»",
                "SeatSizeRangeLowerValue": "1001",
                "SeatSizeRangeUpperValue": "10000",
            },
            {"basis": "IndustryTypes", "averageScore": "«=industry»"},
        ],
        "controlScores": "«=controls»",
    }
)


def _form(control: Control) -> str:
    """One control's score as a form; what follows ``score`` is not documented, but arrives: the type is open."""
    head = {
        "controlCategory": SERVICES[control.service].category,
        "controlName": control.name,
        "description": f"{control.title}: „Punkte“ count for &lt;all&gt; users",
    }
    written = json.dumps(head, ensure_ascii=False, separators=(",", ":")).replace("%", "%%")
    return (
        f'{written[:-1]},"score":%s,"scoreInPercentage":%s,'
        f'"implementationStatus":"%d of {_LICENSED} users are covered.","total":"{_LICENSED}","lastSynced":"%s"}}'
    )


_CONTROLS = f"[{','.join(map(_form, _COUNTED))}]"


def score_id(tenant_id: str, at: int) -> str:
    """``{tenant}_{yyyy-MM-dd}``, as in Graph's example."""
    return f"{tenant_id}_{day_text(at)}"


def score(record: Record, *, known_only: bool) -> bytes:  # noqa: ARG001 - no enum of this type has hidden members
    """The score of the day: the sum of what its controls have reached."""
    dice, day, at = record.dice, record.ordinal, short_text(record.at)
    shares = [course.share(day) for course in courses(record.seed, _SERVICES)]
    points = [round(most * share, 2) for most, share in zip(_MAXIMA, shares, strict=True)]
    values: list[object] = []
    for share, reached in zip(shares, points, strict=True):
        values += (reached, round(100 * share, 2), int(_LICENSED * share), at)
    return _DOCUMENT.fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "at": at,
            "active_users": 4000 + dice % 100,
            "score": round(sum(points), 2),
            "all_tenants": round(43 + day / 60 + dice % 5 / 10, 2),
            "seats": round(46 + day / 45 + (dice >> 8) % 5 / 10, 2),
            "industry": round(41 + day / 75 + (dice >> 16) % 5 / 10, 2),
            "controls": _CONTROLS % tuple(values),
        }
    )
