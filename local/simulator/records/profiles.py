"""``secureScoreControlProfile``: the controls that make up the score."""

from local.simulator.records.document import Document, Record
from local.simulator.timestamps import text

_CATEGORIES = ("Identity", "Data", "Device", "Apps", "Infrastructure")
_SERVICES = ("AzureAD", "EXO", "MDATP", "MCAS", "Azure ATP")
_OWN_NAMES = ("AdminMFAV2", "MFARegistrationV2", "BlockLegacyAuthentication", "SelfServicePasswordReset")
_SCID_EVERY = 3
PROFILE_COUNT = 120


def _control_name(number: int) -> str:
    """Controls of Defender for Endpoint are called ``scid_<number>``."""
    if number < len(_OWN_NAMES):
        return _OWN_NAMES[number]
    return f"scid_{2000 + number}" if number % _SCID_EVERY == 0 else f"control_{number}"


CONTROL_NAMES = tuple(_control_name(number) for number in range(PROFILE_COUNT))


def category(number: int) -> str:
    """The category of a control."""
    return _CATEGORIES[number % len(_CATEGORIES)]


_DOCUMENT = Document(
    {
        "id": "«id»",
        "azureTenantId": "«tenant»",
        "actionType": "Config",
        "actionUrl": "https://portal.azure.com/#blade?a=1&b=2",
        "controlCategory": "«category»",
        "title": 'Turn on „«id»“ for <all> "admins"',
        "deprecated": False,
        "implementationCost": "Low",
        "lastModifiedDateTime": "«at»",
        "maxScore": 10.0,
        "rank": "«=rank»",
        "remediation": "<p>1. Open the portal.</p>\n2. Tick the box.",
        "remediationImpact": "Users sign in again.",
        "service": "«service»",
        "threats": ["Account Breach", "Elevation of Privilege"],
        "tier": "Core",
        "userImpact": "Low",
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
    return CONTROL_NAMES[ordinal] if ordinal < PROFILE_COUNT else _control_name(ordinal)


def profile(record: Record, *, known_only: bool) -> bytes:  # noqa: ARG001 - no enum of this type has hidden members
    """A control; each update changes its state."""
    return _DOCUMENT.fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "category": category(record.ordinal),
            "service": _SERVICES[record.ordinal % len(_SERVICES)],
            "rank": record.ordinal + 1,
            "at": text(record.at),
            "stage_at": text(record.stage_at),
            "assigned": '"soc@contoso.com"' if record.stage else "null",
            "state": _STATES[record.stage % len(_STATES)],
        }
    )
