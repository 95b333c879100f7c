"""``microsoft.graph.security.alert``: the alerts of Defender XDR."""

from local.simulator.products import PRODUCTS
from local.simulator.records.comments import comments
from local.simulator.records.document import Document, Record, entity_guid, member
from local.simulator.records.evidence import BY_SERVICE_SOURCE, USER
from local.simulator.records.titles import title
from local.simulator.timestamps import TICKS_PER_SECOND, text

_FIRST_ID = 638_000_000_000_000_000
ALERTS_PER_INCIDENT = 5
FIRST_INCIDENT = 1000

_SEVERITIES = ("informational", "low", "medium", "high")
_TECHNIQUES = ('["T1566.002"]', '["T1059.001","T1027"]', "[]", '["T1110","T1078.004"]')
_STATUSES = ("new", "inProgress", "resolved")
_BEGUN = (0, 0, 0, 0, 0, 1, 1, 2, 2, 2)
"""Of ten alerts, how many are new, in progress and resolved."""
_FINDINGS = (
    ('"truePositive"', '"compromisedAccount"'),
    ('"truePositive"', '"phishing"'),
    ('"falsePositive"', '"notMalicious"'),
    ('"informationalExpectedActivity"', '"securityTesting"'),
)
_NO_FINDING = ("null", "null")

_DOCUMENTS = {
    product: Document(
        {
            "id": "«id»",
            "providerAlertId": "«id»",
            "incidentId": "«incident»",
            "status": "«status»",
            "severity": "«severity»",
            "classification": "«=classification»",
            "determination": "«=determination»",
            "serviceSource": "«service_source»",
            "detectionSource": "«detection_source»",
            "productName": product.name,
            "tenantId": "«tenant»",
            "title": "«=title»",
            "description": 'Unusual.\nSee "evidence": it names the <b>host</b>.',
            "recommendedActions": "1. Confirm it.\r\n2. Reset the password.",
            "category": "InitialAccess",
            "categories": ["InitialAccess"],
            "assignedTo": "«=assigned»",
            "alertWebUrl": "https://security.microsoft.com/alerts/«id»?tid=«tenant»",
            "mitreTechniques": "«=techniques»",
            "createdDateTime": "«created»",
            "lastUpdateDateTime": "«at»",
            "resolvedDateTime": "«=resolved»",
            "firstActivityDateTime": "«created»",
            "lastActivityDateTime": "«created»",
            "systemTags": [],
            "comments": "«=comments»",
            "evidence": [USER, BY_SERVICE_SOURCE[product.service_source]],
        }
    )
    for product in PRODUCTS
}


def alert_v2_id(dice: int, ordinal: int) -> str:
    """As Defender for Endpoint makes them; the ordinal can be read back."""
    return f"da{_FIRST_ID + ordinal}_{dice % 1_000_000_000}"


def alert_v2_ordinal(record_id: str) -> int | None:
    """The ordinal in an id."""
    number = record_id.removeprefix("da").partition("_")[0]
    return int(number) - _FIRST_ID if number.isdecimal() else None


def alert_v2(record: Record, *, known_only: bool) -> bytes:
    """An alert; each update brings it one status further and adds a comment."""
    dice, product, stage = record.dice, record.product, record.stage
    begun = _begun(record)
    handled = min(begun + stage, 2)
    stage_at, created = text(record.stage_at), text(_created(record, begun))
    classification, determination = _FINDINGS[dice >> 44 & 3] if handled == 2 else _NO_FINDING
    return _DOCUMENTS[product].fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "incident": FIRST_INCIDENT + record.ordinal // ALERTS_PER_INCIDENT,
            "status": _STATUSES[handled],
            "severity": _SEVERITIES[dice >> 12 & 3],
            "classification": classification,
            "determination": determination,
            "service_source": member(product.service_source, evolvable=product.evolvable, known_only=known_only),
            "detection_source": member(product.detection_source, evolvable=product.evolvable, known_only=known_only),
            "title": title(product, dice),
            "assigned": '"soc@contoso.com"' if handled else "null",
            "techniques": _TECHNIQUES[dice >> 14 & 3],
            "created": created,
            "at": text(record.at),
            "resolved": f'"{text(record.first_at) if begun == 2 else stage_at}"' if handled == 2 else "null",
            "comments": comments(stage, stage_at),
            "verdict": "malicious" if dice & 16 else "suspicious",
            # "active" stands behind unknownFutureValue in evidenceRemediationStatus.
            "remediation": member("active", evolvable=True, known_only=known_only) if dice & 32 else "none",
            "user": f"user{dice % 5000}",
            "user_id": entity_guid(dice % 5000),
            "device_id": entity_guid(5000 + dice % 800),
            "sha1": f"{dice:040x}",
            "octet": dice % 250,
            "number": dice % 100_000,
        }
    )


def _begun(record: Record) -> int:
    """How far somebody had come with the alert when its story here begins; Graph shows of its past this state alone."""
    return _BEGUN[(record.dice >> 36) % len(_BEGUN)] if record.generated else 0


def _created(record: Record, begun: int) -> int:
    """Some minutes before its first revision, or minutes to days if it was handled already."""
    seconds = (record.dice >> 20) % 600
    if begun:
        seconds += 60 << (record.dice >> 50) % 13
    return record.first_at - seconds * TICKS_PER_SECOND
