"""``secureScore``: the tenant's score of one day."""

from local.simulator.records.document import Document, Record
from local.simulator.records.profiles import CONTROL_NAMES, category
from local.simulator.timestamps import day_text, short_text

_MAX_SCORE = 10.0 * len(CONTROL_NAMES)
_CONTROLS_SHOWN = 24

_DOCUMENT = Document(
    {
        "id": "«id»",
        "azureTenantId": "«tenant»",
        "activeUserCount": "«=active_users»",
        "createdDateTime": "«at»",
        "currentScore": "«=score»",
        "enabledServices": ["HasExchange", "HasSharePoint", "HasEDU"],
        "licensedUserCount": 5000,
        "maxScore": _MAX_SCORE,
        "vendorInformation": {
            "provider": "SecureScore",
            "providerVersion": None,
            "subProvider": None,
            "vendor": "Microsoft",
        },
        "averageComparativeScores": [
            {"basis": "AllTenants", "averageScore": "«=average»"},
            {"basis": "TotalSeats", "averageScore": 41.5, "SeatSizeRangeLowerValue": "1001"},
            {"basis": "IndustryTypes", "averageScore": 38.25},
        ],
        "controlScores": [
            {
                "controlCategory": category(number),
                "controlName": name,
                "description": "„MFA“ is on for &lt;all&gt; users",
                "score": f"«=c{number % 4}»",
                # controlScore is an open type: members beyond the documented four arrive.
                "scoreInPercentage": 50.0,
                "implementationStatus": "You have «=active_users» users",
            }
            for number, name in enumerate(CONTROL_NAMES[:_CONTROLS_SHOWN])
        ],
    }
)


def score_id(tenant_id: str, at: int) -> str:
    """``{tenant}_{yyyy-MM-dd}``, as in Graph's example."""
    return f"{tenant_id}_{day_text(at)}"


def score(record: Record, *, known_only: bool) -> bytes:  # noqa: ARG001 - no enum of this type has hidden members
    """The score of the day."""
    dice = record.dice
    return _DOCUMENT.fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "at": short_text(record.at),
            "active_users": 4000 + dice % 100,
            "score": round(_MAX_SCORE * (0.4 + record.ordinal / 1000) + dice % 10, 2),
            "average": 40 + dice % 50 / 10,
            **{f"c{number}": (dice >> number) % 11 for number in range(4)},
        }
    )
