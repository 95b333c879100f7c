"""The secure score over all kept days: its trend, its comparison with others, and which control moved it. Pure.

Graph itself forgets a score after 90 days (List secureScores); what is kept here goes back to the first export.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from shared.graph.secure_score import NO_COMPARISON, SecureScore, never_compared, read_score

NOISE = 0.005
"""Points below which a control has not moved, and lacks none: Graph's scores are sums of fractions."""


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day."""

    day: date
    points: float | None = None
    """None where there is no score that counts."""
    max_points: float | None = None
    percent: float | None = None
    averages: Mapping[str, float] = field(default_factory=dict)
    """The average of each basis (``AllTenants``, …), in percent."""
    oddities: Sequence[str] = ()
    """What is odd, in words; empty where all is well."""


@dataclass(frozen=True, slots=True)
class Move:
    """A control whose points changed between two scores."""

    day: date
    """The later one."""
    control: str
    before: float | None
    """Points; None where the score had no such control."""
    after: float | None

    @property
    def points(self) -> float:
        """By how much the score moved."""
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class History:
    """All days, and what happened."""

    days: Sequence[Day]
    """Every calendar day from the first kept score to yesterday, or the last score, in order."""
    moves: Sequence[Move]
    """The newest day first, and there the largest first."""
    latest: SecureScore | None
    """The newest score that counts."""
    never_compared: Sequence[str] = ()
    """In words, the days before Graph first compared the tenant with others; they are not odd for that."""

    def counted(self) -> list[Day]:
        """The days with a score that counts, in order."""
        return [one for one in self.days if one.percent is not None]

    def change_over(self, days: int) -> float | None:
        """Percentage points between the newest score and the one so many days before it, or the last one before that.

        None where the scores do not reach back so far.
        """
        counted = self.counted()
        if not counted:
            return None
        until = counted[-1].day - timedelta(days=days)
        before = [one.percent for one in counted if one.day <= until]
        return (counted[-1].percent or 0) - (before[-1] or 0) if before else None


def read_history(scores: Iterable[tuple[date, bytes]], today: date) -> History:
    """The history of the scores as they are kept, one a day, in the order of days; no more than two are held at once.

    A day before ``today`` without a score is one on which something is odd, also behind the last score: a feed that
    stops must show. Today's may still come.
    """
    days: list[Day] = []
    moves: list[Move] = []
    latest: SecureScore | None = None
    compared: SecureScore | None = None
    for day, raw in scores:
        score = read_score(raw)
        days += _missing(days[-1].day if days else day, day)
        days.append(_day(day, score))
        if score is not None and score.percent is not None:
            latest = score
            if score.controls():  # where Graph left all of them out, none has gone
                moves += _moves(day, compared, score)
                compared = score
    if days:
        days += _missing(days[-1].day, today)
    moves.sort(key=lambda move: (-move.day.toordinal(), -abs(move.points), move.control))
    first = next((n for n, one in enumerate(days) if one.averages), len(days))
    never = never_compared([one.day for one in days[:first] if NO_COMPARISON in one.oddities])
    return History([*map(_not_yet_compared, days[:first]), *days[first:]], moves, latest, never)


def _not_yet_compared(one: Day) -> Day:
    return replace(one, oddities=tuple(oddity for oddity in one.oddities if oddity != NO_COMPARISON))


def _missing(last: date, upto: date) -> list[Day]:
    between = (upto - last).days - 1
    return [Day(last + timedelta(days=n + 1), oddities=("Graph has no score",)) for n in range(between)]


def _day(day: date, score: SecureScore | None) -> Day:
    if score is None:
        return Day(day, oddities=("the score has another form than Graph describes",))
    oddities = tuple(score.oddities())
    if score.percent is None:
        scored = score.current_score is not None and score.current_score >= 0
        return Day(day, oddities=(f"the maximum is {score.max_score}", *oddities) if scored else oddities)
    return Day(day, score.current_score, score.max_score, score.percent, score.averages(), oddities)


def _moves(day: date, before: SecureScore | None, after: SecureScore) -> list[Move]:
    if before is None:
        return []
    old, new = before.controls(), after.controls()
    moved = [Move(day, control, old.get(control), new.get(control)) for control in {**old, **new}]
    return [move for move in moved if abs(move.points) >= NOISE or (move.before is None) != (move.after is None)]
