"""How the report writes numbers, times and names. Pure."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared import instants
from shared.instants import Instant

_BASES: Final[Mapping[str, str]] = {
    "AllTenants": "all tenants",
    "TotalSeats": "tenants of this size",
    "IndustryTypes": "same industry",
}
_PRODUCTS: Final[Mapping[str, str]] = {
    "microsoftDefenderForCloud": "Defender for Cloud",
    "azureAdIdentityProtection": "Entra ID Protection",
    "microsoftDefenderForCloudApps": "Defender for Cloud Apps",
    "microsoftDefenderForEndpoint": "Defender for Endpoint",
    "microsoftDefenderForIdentity": "Defender for Identity",
    "microsoftDefenderForOffice365": "Defender for Office 365",
    "dataLossPrevention": "Purview data loss prevention",
    "microsoftSentinel": "Sentinel",
    "microsoft365Defender": "Defender XDR",
    "microsoftAppGovernance": "App governance",
    "microsoftInsiderRiskManagement": "Purview insider risk management",
    "microsoftThreatIntelligence": "Threat intelligence",
    "microsoftSecurityForAI": "Security for AI",
}


def tenth(value: float | None) -> str:
    """One decimal; half a tenth goes up, as JavaScript's ``toFixed`` does it, so that both sides show the same."""
    if value is None:
        return ""
    return str(Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP))


def signed(value: float) -> str:
    """One decimal with its sign."""
    return f"{'\N{MINUS SIGN}' if value < 0 else '+'}{tenth(abs(value))}"


def direction(value: float) -> str:
    """The style of what went up or down; nothing where the difference would not show."""
    if tenth(abs(value)) == "0.0":
        return ""
    return "up" if value > 0 else "down"


def hours(value: float) -> str:
    """A duration, in the unit that fits."""
    if value < 1:
        return f"{value * 60:.0f} min"
    if value < 48:
        return f"{value:.0f} h"
    return f"{value / 24:.0f} days"


def day(at: Instant) -> str:
    """The day, in UTC."""
    return instants.to_date(at).isoformat()


def moment(at: Instant) -> str:
    """The minute, in UTC."""
    return instants.to_text(at)[:16].replace("T", " ")


def minute(text: str) -> str:
    """The minute of a time that is text already."""
    return text[:16].replace("T", " ")


def short(text: str, length: int) -> str:
    """So much of it that a chart has room for."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def basis(name: str) -> str:
    """Whom an average is of; Graph's own word where it is a new one."""
    return _BASES.get(name, name)


def product(service_source: str) -> str:
    """The product behind a ``serviceSource``; Graph's own word where it is a new one."""
    return _PRODUCTS.get(service_source, service_source)
