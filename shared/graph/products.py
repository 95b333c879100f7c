"""The products behind ``serviceSource``, as people call them. Pure."""

from collections.abc import Mapping
from typing import Final

_NAMES: Final[Mapping[str, str]] = {
    "azureAdIdentityProtection": "Microsoft Entra ID Protection",
    "dataLossPrevention": "Microsoft Purview (data loss prevention)",
    "microsoft365Defender": "Microsoft Defender XDR",
    "microsoftAppGovernance": "Microsoft App Governance",
    "microsoftDefenderForCloud": "Microsoft Defender for Cloud",
    "microsoftDefenderForCloudApps": "Microsoft Defender for Cloud Apps",
    "microsoftDefenderForEndpoint": "Microsoft Defender for Endpoint",
    "microsoftDefenderForIdentity": "Microsoft Defender for Identity",
    "microsoftDefenderForOffice365": "Microsoft Defender for Office 365",
    "microsoftInsiderRiskManagement": "Microsoft Purview (insider risk management)",
    "microsoftSecurityForAI": "Microsoft Security for AI",
    "microsoftSentinel": "Microsoft Sentinel",
    "microsoftThreatIntelligence": "Microsoft Threat Intelligence",
}

_LONGEST: Final = 100
"""Characters of a name that only Graph knows."""


def product_name(service_source: str) -> str:
    """The product's name; a new one is called as Graph calls it."""
    return _NAMES.get(service_source, service_source[:_LONGEST])
