"""Alerts as they are now, from the revisions that were exported: what is open, what is new, how long it took. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles
from sys import intern
from typing import Any, Final

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.sources import INCREMENTAL
from shared.instants import DAY, HOUR, MICROSECOND, Instant
from shared.views import records
from shared.views.records import instant

ALERTS: Final = INCREMENTAL["alerts_v2"]

SEVERITIES: Final = ("high", "medium", "low", "informational", "unknown")
"""Graph's ``alertSeverity``, the worst first; whatever else comes counts as unknown."""

RESOLVED_DAYS: Final = 90
"""How many days back the time to resolve looks."""

AGES: Final = (("under a day", DAY), ("1 to 7 days", 7 * DAY), ("7 to 30 days", 30 * DAY), ("over 30 days", None))
"""Classes of age, each up to its bound."""

_RESOLVED: Final = "resolved"


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


COLUMNS: Final = (
    *("id", "revision", "createdDateTime", "resolvedDateTime"),
    *("severity", "status", "serviceSource", "incidentId"),
)
"""What is read of the latest view (``latest_rows.COLUMNS``)."""


class Latest:
    """The newest revision of each alert, from revisions in any order."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self.unreadable = 0
        """Records without an id, or without the time of their revision."""

    def take(self, lines: Iterable[bytes]) -> None:
        """Look at revisions, one a line as they were exported."""
        for line in lines:
            try:
                sent, at = records.read(line, ALERTS)
            except DataNotUnderstood:
                self.unreadable += 1
                continue
            if self._is_news(sent.id, at):
                created, resolved = _microsecond(sent.created_date_time), _microsecond(sent.resolved_date_time)
                texts = sent.severity, sent.status, sent.service_source, sent.incident_id
                self._alerts[sent.id] = _alert(at, created, resolved, *texts)

    def take_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        """Look at rows of the latest view: ``COLUMNS``, with times in microseconds since 1970."""
        for id_, at, created, resolved, *texts in rows:
            if self._is_news(id_, at):
                self._alerts[id_] = _alert(at, _from_microseconds(created), _from_microseconds(resolved), *texts)

    def merge(self, other: "Latest") -> None:
        """Look at what another one has found."""
        self.unreadable += other.unreadable
        for id_, alert in other._alerts.items():  # noqa: SLF001
            if self._is_news(id_, alert.at):
                self._alerts[id_] = alert

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())

    def _is_news(self, id_: str, at: Instant) -> bool:
        known = self._alerts.get(id_)
        return known is None or known.at < at


def _alert(
    at: Instant,
    created: Instant | None,
    resolved: Instant | None,
    severity: str | None,
    status: str | None,
    product: str | None,
    incident: str | None,
) -> Alert:
    return Alert(
        at=at,
        created=at if created is None else created,
        # From an unknown beginning to its end is no duration.
        resolved=None if created is None else resolved,
        severity=intern(severity if severity in SEVERITIES else "unknown"),
        status=intern(status or "unknown"),
        product=intern(product or "unknown"),
        incident=intern(incident) if incident else None,
    )


def _microsecond(text: str | None) -> Instant | None:
    """The begun microsecond, which is all that the latest view has; the report must tell the same without it."""
    at = instant(text)
    return None if at is None else instants.floor(at, MICROSECOND)


def _from_microseconds(value: int | None) -> Instant | None:
    return None if value is None else value * MICROSECOND


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
