"""Which of Graph's application permissions the app needs. Pure.

The permissions that read stand in the app's own table of sources. The one that writes bears the same name with
ReadWrite: "Update alert" (both kinds), "Update incident" and "Update secureScoreControlProfile" say so, and Graph has
nothing else that changes them. Scores can't be changed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.graph.sources import CONTROL_PROFILES, INCREMENTAL, SECURE_SCORES, Source
from shared.setting_forms import WantedSubscription

_LEGACY: Final = re.compile(r"security/alerts(?![A-Za-z0-9_])", re.IGNORECASE)
"""To one legacy alert, or to a filtered list of them."""
_READ, _WRITE = ".Read.", ".ReadWrite."


@dataclass(frozen=True, slots=True)
class Needed:
    """One permission, and what for."""

    value: str
    """Its name in Graph: ``SecurityAlert.Read.All``."""
    reasons: tuple[str, ...]


def needed(
    sources: Iterable[str], *, updates: bool, subscriptions: Iterable[WantedSubscription] = ()
) -> tuple[Needed, ...]:
    """The least permissions that serve all of it, in the order of their names.

    Args:
        sources: the incremental sources that are exported; scores and control profiles always are.
        updates: whether ``update_security_resource`` is to work on what is exported.
        subscriptions: what Graph is asked to notify of; none where webhooks are off.
    """
    reasons: dict[str, list[str]] = {}
    for source in (*(INCREMENTAL[name] for name in sources), SECURE_SCORES, CONTROL_PROFILES):
        writes = updates and source is not SECURE_SCORES
        value, verb = (_writing(source), "reads and updates") if writes else (source.permission, "reads")
        reasons.setdefault(value, []).append(f"{verb} {source.name}")
    if any(_LEGACY.match(wanted.resource) for wanted in subscriptions):
        # "Create subscription", permissions: the only one for security alerts.
        reasons.setdefault(_writing(INCREMENTAL["alerts"]), []).append("subscribes to legacy alerts")
    for value in list(reasons):
        if (writing := value.replace(_READ, _WRITE)) != value and writing in reasons:
            reasons[writing] = reasons.pop(value) + reasons[writing]
    return tuple(Needed(value, tuple(why)) for value, why in sorted(reasons.items()))


def ever_needed() -> tuple[str, ...]:
    """Every permission that some choice of sources and features needs."""
    legacy = WantedSubscription("security/alerts?$filter=", "updated")
    reading = needed(INCREMENTAL, updates=False)
    writing = needed(INCREMENTAL, updates=True, subscriptions=[legacy])
    return tuple(sorted({each.value for each in (*reading, *writing)}))


def unknown(subscriptions: Iterable[WantedSubscription]) -> tuple[str, ...]:
    """Resources to which a subscription may need a permission that is not known here."""
    resources = (wanted.resource for wanted in subscriptions)
    return tuple(resource for resource in resources if not resource.lower().startswith("security/"))


def _writing(source: Source) -> str:
    return source.permission.replace(_READ, _WRITE)
