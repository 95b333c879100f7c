"""The report: what was found out, as one HTML page that needs nothing else. Pure.

Everything that comes from Graph is text here: the template escapes it, pygal does in its charts, and a policy that the
page carries lets no script run but the page's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from typing import Final

import jinja2
from markupsafe import Markup

from shared.instants import Instant
from shared.views import charts, policy, words
from shared.views.alerts import RESOLVED_DAYS, SEVERITIES, AlertFigures
from shared.views.history import History
from shared.views.plan import Plan

_MOVES_SHOWN: Final = 100
_MOVED_DAYS_SHOWN: Final = 30
_INCIDENTS_SHOWN: Final = 50
_PROBLEMS_SHOWN: Final = 100
_ROWS_AT_ONCE: Final = 500
"""Actions of the plan that are laid out before somebody asks for more: a browser takes seconds for thousands."""
_SPANS: Final = (1, 7, 30, 90, 365)
"""Days over which the hero tells the change."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How the export of one source is doing."""

    name: str
    state: str
    complete_until: str | None = None
    records: int = 0
    gaps: Sequence[str] = ()
    """In words."""
    failure: str | None = None
    known: bool = True
    """False where its checkpoint can't be read; then there is nothing but the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a tenant's report tells."""

    tenant: str
    made: Instant
    history: History
    plan: Plan | None
    """None where there is no score that counts, or no control profile."""
    titles: Mapping[str, str]
    """The titles of controls, by id."""
    alerts: AlertFigures | None
    """None where alerts_v2 is not exported."""
    sources: Sequence[SourceState]


def render(report: Report) -> bytes:
    """The page, in UTF-8."""
    history = report.history
    counted = history.counted()
    problems = _problems(report)
    alerts = report.alerts
    page = _template().render(
        report=report,
        policy=policy.content_security_policy(),
        css=Markup(policy.part("report.css")),  # noqa: S704 - our own file
        js=Markup(policy.part("report.js")),  # noqa: S704 - our own file
        charts=charts,
        RESOLVED_DAYS=RESOLVED_DAYS,
        severities_shown=_severities(alerts) if alerts else [],
        history=history,
        newest=counted[-1] if counted else None,
        oldest=counted[0] if counted else None,
        deltas=[(days, change) for days in _SPANS if (change := history.change_over(days)) is not None],
        bases=list(dict.fromkeys(name for one in history.days for name in one.averages)),
        plan=report.plan,
        rows_at_once=_ROWS_AT_ONCE,
        titles=report.titles,
        moves=history.moves[:_MOVES_SHOWN],
        more_moves=max(0, len(history.moves) - _MOVES_SHOWN),
        moved_by_day=_moved_by_day(history),
        alerts=alerts,
        products={words.product(name): counts for name, counts in alerts.open_by_product.items()} if alerts else {},
        new_days=list(alerts.new_by_day.items())[::-1] if alerts else [],
        joined=alerts.joined[:_INCIDENTS_SHOWN] if alerts else [],
        problems=problems[:_PROBLEMS_SHOWN],
        more_problems=max(0, len(problems) - _PROBLEMS_SHOWN),
    )
    # Half a surrogate pair may stand in a title, and no page can hold it.
    return page.encode(errors="replace")


def _problems(report: Report) -> list[str]:
    """What is odd or missing, in words: first what stops something, then the newest days."""
    found: list[str] = []
    for source in report.sources:
        found += [f"{source.name}: {source.failure}"] if source.failure else []
        found += (f"{source.name}: {gap}" for gap in source.gaps)
    if report.alerts and report.alerts.unreadable:
        found.append(f"{report.alerts.unreadable} exported records are not alerts as Graph describes them")
    if report.alerts and report.alerts.undated:
        found.append(f"{report.alerts.undated} resolved alerts do not tell when they were resolved")
    doubtful = [a for a in report.plan.actions if a.max_points is None or a.points is None] if report.plan else []
    found += (f"control {action.control}: {'; '.join(action.doubts)}" for action in doubtful)
    found += report.history.never_compared
    found += (f"{one.day}: {oddity}" for one in reversed(report.history.days) for oddity in one.oddities)
    return found


def _severities(alerts: AlertFigures) -> list[str]:
    """The columns of tables: ``unknown`` only where there is such an alert."""
    unknown = alerts.open["unknown"] or any(counts["unknown"] for counts in alerts.new_by_day.values())
    return [severity for severity in SEVERITIES if severity != "unknown" or unknown]


def _moved_by_day(history: History) -> dict[date, float]:
    """The points of each of the last days on which a control moved, in order."""
    by_day: dict[date, float] = {}
    for move in history.moves:
        by_day[move.day] = by_day.get(move.day, 0) + move.points
    return dict(reversed(list(islice(by_day.items(), _MOVED_DAYS_SHOWN))))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        loader=jinja2.FileSystemLoader(policy.FOLDER),
    )
    filters = (words.basis, words.day, words.direction, words.hours, words.minute, words.moment, words.product)
    for word in (*filters, words.short, words.signed, words.tenth):
        environment.filters[word.__name__] = word
    return environment.get_template("report.html.jinja")
