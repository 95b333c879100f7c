"""``secureScoreControlProfile``: the controls that make up the score."""

import json

from local.simulator.records.controls import SERVICES, Control, control
from local.simulator.records.document import Document, Record
from local.simulator.timestamps import text

_DOCUMENT = Document(
    {
        "id": "«id»",
        "azureTenantId": "«tenant»",
        "actionType": "«action»",
        "actionUrl": "«=url»",
        "controlCategory": "«category»",
        "title": "«=title»",
        "deprecated": "«=deprecated»",
        "implementationCost": "«cost»",
        "lastModifiedDateTime": "«at»",
        "maxScore": "«=most»",
        "rank": "«=rank»",
        "remediation": '<p>1. Open the portal of «service_name».</p>\n2. Tick the box "On" & save.',
        "remediationImpact": "Users may have to sign in again.",
        "service": "«service»",
        "threats": "«=threats»",
        "tier": "«tier»",
        "userImpact": "«impact»",
        # "Not implemented. Currently returns null", says the type's page; a collection may not be null in OData.
        "complianceInformation": [],
        "controlStateUpdates": [
            {
                "assignedTo": "«=assigned»",
                "comment": 'geprüft - "ok"',
                "state": "«state»",
                "updatedBy": "soc@contoso.com",
                "updatedDateTime": "«stage_at»",
            }
        ],
        "vendorInformation": {
            "provider": "SecureScore",
            "providerVersion": None,
            "subProvider": None,
            "vendor": "Microsoft",
        },
    }
)
_STATES = ("Default", "Ignored", "ThirdParty", "Reviewed")


def profile_id(ordinal: int) -> str:
    """The control's name."""
    return control(ordinal).name


def profile(record: Record, *, known_only: bool) -> bytes:  # noqa: ARG001 - no enum of this type has hidden members
    """A control; each update changes its state."""
    return _DOCUMENT.fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "rank": record.ordinal + 1,
            "at": text(record.at),
            "stage_at": text(record.stage_at),
            "assigned": '"soc@contoso.com"' if record.stage else "null",
            "state": _STATES[record.stage % len(_STATES)],
            **_of_control(control(record.ordinal)),
        }
    )


def _of_control(known: Control) -> dict[str, object]:
    service = SERVICES[known.service]
    return {
        "action": "Review" if known.title.startswith("Review") else "Config",
        "url": json.dumps(service.portal),
        "category": service.category,
        "title": json.dumps(known.title, ensure_ascii=False),
        "deprecated": json.dumps(known.deprecated),
        "cost": known.cost,
        "most": json.dumps(known.max_score),
        "service": known.service,
        "service_name": service.name,
        "threats": json.dumps(service.threats),
        "tier": known.tier,
        "impact": known.impact,
    }
