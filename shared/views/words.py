"""How the report writes numbers, times and names. Pure."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared import instants
from shared.graph.products import product_name
from shared.instants import Instant

_BASES: Final[Mapping[str, str]] = {
    "AllTenants": "all tenants",
    "TotalSeats": "tenants of this size",
    "IndustryTypes": "same industry",
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
    if value * 60 < 59.5:
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
    """The product behind a ``serviceSource``, without the word that nearly all begin with."""
    return product_name(service_source).removeprefix("Microsoft ")
