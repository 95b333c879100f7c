"""``microsoft.graph.alert``: the legacy alerts, federated from each product's provider."""

from typing import Any

from local.simulator.products import LEGACY_PRODUCTS, Product
from local.simulator.records.document import Document, Record, entity_guid
from local.simulator.records.titles import title
from local.simulator.timestamps import TICKS_PER_SECOND, text

_SEVERITIES = ("informational", "low", "medium", "high")
_STATUSES = ("newAlert", "inProgress", "resolved")

_HOST = {
    "hostStates": [
        {
            "fqdn": "host«number».contoso.com",
            "netBiosName": "HOST«number»",
            "os": "Windows",
            "privateIpAddress": "10.0.0.«octet»",
            "publicIpAddress": None,
            "riskScore": "7",
        }
    ]
}
_FILE = {
    "fileStates": [
        {
            "name": "invoice.pdf.exe",
            "path": "C:\\Users\\Public\\invoice.pdf.exe",
            "riskScore": "high",
            "fileHash": {"hashType": "sha256", "hashValue": "«sha256»"},
        }
    ]
}
_CLOUD_APP = {
    "cloudAppStates": [
        {"destinationServiceName": "Microsoft 365", "destinationServiceIp": "203.0.113.«octet»", "riskScore": None}
    ]
}
_STATES: dict[str, dict[str, Any]] = {
    "microsoftDefenderForEndpoint": _HOST | _FILE,
    "microsoftDefenderForIdentity": _HOST,
    "microsoftDefenderForCloudApps": _CLOUD_APP,
    "microsoftDefenderForCloud": _HOST,
    "dataLossPrevention": _FILE,
}


def _document(product: Product) -> Document:
    states = {"cloudAppStates": [], "fileStates": [], "hostStates": []} | _STATES.get(product.service_source, {})
    return Document(
        {
            "id": "«id»",
            "azureTenantId": "«tenant»",
            "azureSubscriptionId": None,
            "activityGroupName": None,
            "assignedTo": "«=assigned»",
            "category": "AnonymousLogin",
            "closedDateTime": "«=closed»",
            "comments": [],
            "confidence": 90,
            "createdDateTime": "«created»",
            "description": 'Sign-in from an „anonymous“ address.\nSee "userStates".',
            "detectionIds": [],
            "eventDateTime": "«active»",
            "feedback": None,
            "incidentIds": [],
            "lastEventDateTime": None,
            "lastModifiedDateTime": "«at»",
            "recommendedActions": ["Confirm it", "Reset <i>the</i> password"],
            "severity": "«severity»",
            "sourceMaterials": ["https://portal.azure.com/#blade/alerts/«id»"],
            "status": "«status»",
            "tags": [],
            "title": "«=title»",
            "vendorInformation": {
                "provider": product.provider,
                "providerVersion": None,
                "subProvider": product.sub_provider,
                "vendor": "Microsoft",
            },
            **states,
            "historyStates": [],
            "malwareStates": [],
            "networkConnections": [],
            "processes": [],
            "registryKeyStates": [],
            "securityResources": [],
            "triggers": [],
            "userStates": [
                {
                    "aadUserId": "«user_id»",
                    "accountName": "user«number»",
                    "domainName": "contoso.com",
                    "emailRole": "unknown",
                    "logonDateTime": "«active»",
                    "logonIp": "203.0.113.«octet»",
                    "logonLocation": "Zürich, CH",
                    "userPrincipalName": "user«number»@contoso.com",
                }
            ],
            "vulnerabilityStates": [],
        }
    )


_DOCUMENTS = {product: _document(product) for product in LEGACY_PRODUCTS}


def alert_ordinal(record_id: str) -> int | None:
    """The ordinal in a GUID's last twelve digits."""
    try:
        return int(record_id.rpartition("-")[2], 16)
    except ValueError:
        return None


def alert(record: Record, *, known_only: bool) -> bytes:  # noqa: ARG001 - no enum of this type has hidden members
    """A legacy alert; each update brings it one status further."""
    dice, stage = record.dice, record.stage
    status = _STATUSES[min(stage, 2)]
    return _DOCUMENTS[record.product].fill(
        {
            "id": record.id,
            "tenant": record.tenant_id,
            "assigned": '"soc@contoso.com"' if stage else "null",
            "closed": f'"{text(record.stage_at)}"' if status == "resolved" else "null",
            "created": text(record.first_at - dice % 600 * TICKS_PER_SECOND),
            "active": text(record.first_at - 3600 * TICKS_PER_SECOND),
            "at": text(record.at),
            "severity": _SEVERITIES[dice >> 12 & 3],
            "status": status,
            "title": title(record.product, dice),
            "user_id": entity_guid(dice % 5000),
            "number": dice % 5000,
            "octet": dice % 250,
            "sha256": f"{dice:064x}",
        }
    )
