"""What an update does for each product behind Graph. Pure.

From the overview of Graph's security API: of the legacy alerts' products, one takes an update over, some leave it to
Graph, some refuse it. On ``alerts_v2`` it is the same for all of them (*Update alert*).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from shared.graph.products import product_name
from shared.resources.rules import ALERTS, ALERTS_V2, INCIDENTS, VENDOR_FIELD, Updatable


class Reach(StrEnum):
    """How far an update of a legacy alert goes, in words that follow the product's name."""

    PRODUCT = "the update reaches the product"
    INSIDE_GRAPH = "the update stays inside Graph, the product does not show it"
    REFUSED = "Graph does not support updates of its alerts, and refuses them"
    UNKNOWN = "whether the update reaches the product is not documented"


LEGACY: Final[Mapping[str, tuple[str, Reach]]] = {
    "ASC": ("Microsoft Defender for Cloud", Reach.INSIDE_GRAPH),
    "IPC": ("Microsoft Entra ID Protection", Reach.INSIDE_GRAPH),
    "MCAS": ("Microsoft Defender for Cloud Apps", Reach.INSIDE_GRAPH),
    "Microsoft Defender ATP": ("Microsoft Defender for Endpoint", Reach.PRODUCT),
    "Azure Advanced Threat Protection": ("Microsoft Defender for Identity", Reach.INSIDE_GRAPH),
    "Azure Sentinel": ("Microsoft Sentinel", Reach.REFUSED),
}
"""By ``vendorInformation/provider``."""

_OFFICE: Final = ("Microsoft Defender for Office 365", Reach.REFUSED)
"""Its providers have no filter keyword; the overview calls them Office 365, with more behind it."""

_NO_NAME: Final = "a product that Graph does not name"
_LONGEST: Final = 100
"""Characters of a name that Graph gives."""


def effect(rules: Updatable, record: Mapping[str, Any]) -> str:
    """What an update of this record does, for the person who asked for it."""
    if rules is ALERTS_V2:
        source = record.get("serviceSource")
        product = product_name(source) if isinstance(source, str) else _NO_NAME
        return f"{product}: Graph updates the alerts of every product alike"
    if rules is INCIDENTS:
        return "Microsoft Defender XDR: Graph updates incidents alike, whatever products their alerts come from"
    if rules is ALERTS:
        vendor = record.get(VENDOR_FIELD)
        product, reach = _legacy(vendor.get("provider") if isinstance(vendor, dict) else None)
        return f"{product}: {reach}"
    return (
        "Microsoft Secure Score: which fields Graph honours is not documented; look at the resource as it is afterwards"
    )


def _legacy(provider: object) -> tuple[str, Reach]:
    if not isinstance(provider, str):
        return _NO_NAME, Reach.UNKNOWN
    if provider.startswith("Office 365"):
        return _OFFICE
    return LEGACY.get(provider, (provider[:_LONGEST], Reach.UNKNOWN))
