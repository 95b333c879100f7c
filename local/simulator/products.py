"""The products whose alerts Graph federates, with their names in both APIs.

Sources: the overview table of the Graph Security API; the filter keywords on "List alerts" (legacy); the
members of ``serviceSource`` and ``detectionSource`` in Graph's CSDL (2026-08).
"""

from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN_FUTURE_VALUE = "unknownFutureValue"


@dataclass(frozen=True, slots=True, eq=False)  # there is one of each: compared and hashed as fast as can be
class Product:
    """One product. ``evolvable``: its enum members stand behind ``unknownFutureValue``."""

    name: str
    service_source: str
    detection_source: str
    evolvable: bool = False
    provider: str | None = None
    """Legacy ``vendorInformation/provider``; None: never was in the legacy API."""
    filter_keyword: bool = True
    """False: "Not currently supported" as a filter keyword on the legacy API."""
    sub_provider: str | None = None
    subscribable: bool = True
    """False: the overview table has no tick under Subscribe; "not supported" today."""

    def is_called(self, name: str) -> bool:
        """Whether a name is one of its names in either API."""
        return name in {self.name, self.service_source, self.provider}


PRODUCTS = (
    Product(
        "Microsoft Defender for Endpoint",
        "microsoftDefenderForEndpoint",
        "antivirus",
        provider="Microsoft Defender ATP",
        sub_provider="Microsoft Defender ATP",
        subscribable=False,
    ),
    Product(
        "Microsoft Defender for Identity",
        "microsoftDefenderForIdentity",
        "microsoftDefenderForIdentity",
        provider="Azure Advanced Threat Protection",
    ),
    Product(
        "Microsoft Defender for Cloud Apps",
        "microsoftDefenderForCloudApps",
        "cloudAppSecurity",
        provider="MCAS",
    ),
    Product(
        "Microsoft Defender for Office 365",
        "microsoftDefenderForOffice365",
        "microsoftDefenderForOffice365",
        # "Not currently supported" as a filter keyword, so its provider name is not documented. A guess.
        provider="Office 365 Security and Compliance",
        filter_keyword=False,
        subscribable=False,
    ),
    Product(
        "Microsoft Entra ID Protection",
        "azureAdIdentityProtection",
        "azureAdIdentityProtection",
        provider="IPC",
    ),
    Product(
        "Microsoft Purview Data Loss Prevention",
        "dataLossPrevention",
        "microsoftDataLossPrevention",
        # The overview lists Azure Information Protection (preview); its provider name is not public. A guess.
        provider="Azure Information Protection",
    ),
    Product(
        "Microsoft Defender for Cloud",
        "microsoftDefenderForCloud",
        "microsoftDefenderForServers",
        evolvable=True,
        provider="ASC",
        sub_provider="VirtualMachines",
    ),
    Product(
        "Microsoft Sentinel",
        "microsoftSentinel",
        "scheduledAlerts",
        evolvable=True,
        provider="Azure Sentinel",
    ),
    Product("Microsoft Defender XDR", "microsoft365Defender", "customDetection"),
    Product("Microsoft App Governance", "microsoftAppGovernance", "appGovernanceDetection"),
    Product(
        "Microsoft Purview Insider Risk Management",
        "microsoftInsiderRiskManagement",
        "microsoftInsiderRiskManagement",
        evolvable=True,
    ),
    Product(
        "Microsoft Threat Intelligence",
        "microsoftThreatIntelligence",
        "microsoftThreatIntelligence",
        evolvable=True,
    ),
    Product(
        "Microsoft Security for AI",
        "microsoftSecurityForAI",
        "microsoftDefenderForAIServices",
        evolvable=True,
    ),
)

LEGACY_PRODUCTS = tuple(product for product in PRODUCTS if product.provider is not None)
XDR = next(product for product in PRODUCTS if product.service_source == "microsoft365Defender")
SECURE_SCORE = Product("Microsoft Secure Score", "", "", provider="SecureScore")


def product_called(name: str, among: Iterable[Product]) -> Product:
    """The product with this name in either API.

    Raises:
        ValueError: there is none.
    """
    for product in among:
        if product.is_called(name):
            return product
    raise ValueError(f"no product is called {name!r}")
