"""Alerts as they are now, from the revisions that were exported: what is open, what is new, how long it took. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles
from sys import intern
from typing import Final

import msgspec

from shared import instants
from shared.graph import lenient
from shared.instants import DAY, HOUR, Instant

SEVERITIES: Final = ("high", "medium", "low", "informational", "unknown")
"""Graph's ``alertSeverity``, the worst first; whatever else comes counts as unknown."""

RESOLVED_DAYS: Final = 90
"""How many days back the time to resolve looks."""

AGES: Final = (("under a day", DAY), ("1 to 7 days", 7 * DAY), ("7 to 30 days", 30 * DAY), ("over 30 days", None))
"""Classes of age, each up to its bound."""

_RESOLVED: Final = "resolved"


class _Sent(msgspec.Struct, rename="camel", gc=False):
    """What is read of a revision (microsoft.graph.security.alert)."""

    id: str
    last_update_date_time: str
    created_date_time: str | None = None
    resolved_date_time: str | None = None
    severity: str | None = None
    status: str | None = None
    service_source: str | None = None
    incident_id: str | None = None


class Alert(msgspec.Struct, frozen=True, gc=False):
    """The newest revision of an alert. Small, since there may be a million of them."""

    at: Instant
    """When this revision was made."""
    created: Instant
    """As this revision where Graph does not tell."""
    resolved: Instant | None
    """None where Graph does not tell, or not of its creation."""
    severity: str
    status: str
    product: str
    """Its ``serviceSource``."""
    incident: str | None

    @property
    def open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.status != _RESOLVED


class Latest:
    """The newest revision of each alert, from revisions in any order."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self.unreadable = 0
        """Records that are not alerts as Graph describes them."""

    def take(self, lines: Iterable[bytes]) -> None:
        """Look at revisions, one a line as they were exported."""
        for line in lines:
            try:
                sent = lenient.decode(line, _DECODER)
                at = instants.from_text(sent.last_update_date_time)
                known = self._alerts.get(sent.id)
                if known is None or known.at < at:
                    self._alerts[sent.id] = _alert(sent, at)
            except (ValueError, RecursionError):
                self.unreadable += 1

    def merge(self, other: "Latest") -> None:
        """Look at what another one has found."""
        self.unreadable += other.unreadable
        for id_, alert in other._alerts.items():  # noqa: SLF001
            known = self._alerts.get(id_)
            if known is None or known.at < alert.at:
                self._alerts[id_] = alert

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())


_DECODER = msgspec.json.Decoder(_Sent)


def _alert(sent: _Sent, at: Instant) -> Alert:
    created, resolved = sent.created_date_time, sent.resolved_date_time
    severity = sent.severity or ""
    return Alert(
        at=at,
        created=instants.from_text(created) if created else at,
        # From an unknown beginning to its end is no duration.
        resolved=instants.from_text(resolved) if resolved and created else None,
        severity=intern(severity if severity in SEVERITIES else "unknown"),
        status=intern(sent.status or "unknown"),
        product=intern(sent.service_source or "unknown"),
        incident=intern(sent.incident_id) if sent.incident_id else None,
    )


@dataclass(frozen=True, slots=True)
class Duration:
    """How long alerts of one severity took to be resolved."""

    alerts: int
    median_h: float
    """Hours from creation to resolution."""
    p90_h: float
    """Nine of ten were resolved within so many hours."""


@dataclass(frozen=True, slots=True)
class JoinedIncident:
    """An incident that joins alerts of more than one product."""

    id: str
    products: Sequence[str]
    alerts: int
    open: int
    severity: str
    """The worst of its alerts."""
    last_change: Instant


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """What the report tells of alerts. Where a mapping is by severity, all of ``SEVERITIES`` are in it."""

    total: int
    open: Mapping[str, int]
    open_by_product: Mapping[str, Mapping[str, int]]
    """The product with the most open alerts first."""
    new_by_day: Mapping[date, Mapping[str, int]]
    """Alerts by the day of their creation, over the last days, each day in it, in order."""
    ages: Mapping[str, Mapping[str, int]]
    """How old open alerts are, by the names of ``AGES``."""
    durations: Mapping[str, Duration]
    """By severity; only where alerts were resolved."""
    undated: int
    """Resolved alerts that do not tell from when to when."""
    joined: Sequence[JoinedIncident]
    """Those with open alerts first, then the worst, then the latest change."""
    unreadable: int

    @property
    def open_total(self) -> int:
        """All open alerts."""
        return sum(self.open.values())


def figures(alerts: Iterable[Alert], now: Instant, *, days: int, unreadable: int = 0) -> AlertFigures:
    """Count alerts; ``days`` is how many days back new ones are shown, today included.

    The time to resolve is of alerts that were resolved in the last ``RESOLVED_DAYS``: what was usual years ago would
    hide what is usual now.
    """
    today = instants.to_date(now)
    span = [today - timedelta(days=n) for n in reversed(range(days))]
    first = instants.from_date(span[0])
    total = undated = 0
    products: dict[str, Counter[str]] = {}
    new: dict[date, Counter[str]] = {day: Counter() for day in span}
    ages: dict[str, Counter[str]] = {name: Counter() for name, _ in AGES}
    took: dict[str, list[float]] = {}
    incidents: dict[str, _Incident] = {}
    for alert in alerts:
        total += 1
        if alert.open:
            products.setdefault(alert.product, Counter())[alert.severity] += 1
            ages[_age(now - alert.created)][alert.severity] += 1
        elif alert.resolved is None:
            undated += 1
        elif now - alert.resolved < RESOLVED_DAYS * DAY:
            took.setdefault(alert.severity, []).append(max(0, alert.resolved - alert.created) / HOUR)
        if first <= alert.created and (day := instants.to_date(alert.created)) in new:
            new[day][alert.severity] += 1
        if alert.incident:
            incidents.setdefault(alert.incident, _Incident()).add(alert)
    by_count = sorted(products.items(), key=lambda item: (-item[1].total(), item[0]))
    return AlertFigures(
        total=total,
        open=_all_severities(sum(products.values(), Counter())),
        open_by_product={name: _all_severities(counter) for name, counter in by_count},
        new_by_day={day: _all_severities(counter) for day, counter in new.items()},
        ages={name: _all_severities(counter) for name, counter in ages.items()},
        durations={severity: _duration(took[severity]) for severity in SEVERITIES if severity in took},
        undated=undated,
        joined=_joined(incidents),
        unreadable=unreadable,
    )


class _Incident(msgspec.Struct):
    """What is counted of one incident."""

    products: set[str] = msgspec.field(default_factory=set)
    alerts: int = 0
    open: int = 0
    rank: int = len(SEVERITIES)
    last_change: Instant = 0

    def add(self, alert: Alert) -> None:
        self.products.add(alert.product)
        self.alerts += 1
        self.open += alert.open
        self.rank = min(self.rank, SEVERITIES.index(alert.severity))
        self.last_change = max(self.last_change, alert.at)


def _joined(incidents: Mapping[str, _Incident]) -> list[JoinedIncident]:
    found = [
        JoinedIncident(id_, sorted(one.products), one.alerts, one.open, SEVERITIES[one.rank], one.last_change)
        for id_, one in incidents.items()
        if len(one.products) > 1
    ]
    return sorted(found, key=lambda one: (one.open == 0, SEVERITIES.index(one.severity), -one.last_change, one.id))


def _age(age: Instant) -> str:
    return next(name for name, bound in AGES if bound is None or age < bound)


def _duration(hours: Sequence[float]) -> Duration:
    p90 = quantiles(hours, n=10, method="inclusive")[-1] if len(hours) > 1 else hours[0]
    return Duration(len(hours), median(hours), p90)


def _all_severities(counter: Mapping[str, int]) -> dict[str, int]:
    return {severity: counter.get(severity, 0) for severity in SEVERITIES}
