"""What the secure scores that Graph lists say: what is odd in them, and how the score changed. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from shared import instants
from shared.graph.pages import Row


class _Score(msgspec.Struct, rename="camel"):
    current_score: float | None = None
    max_score: float | None = None
    average_comparative_scores: list[msgspec.Raw] | None = None

    @property
    def percent(self) -> float | None:
        """Of the maximum; None where Graph gave no score: it answers -1 for a day on which it could not compute one."""
        if self.current_score is None or self.current_score < 0 or not self.max_score or self.max_score < 0:
            return None
        return 100 * self.current_score / self.max_score


def odd(rows: Iterable[Row], today: date) -> list[str]:
    """What is odd, in words: missing days, scores of -1, empty comparisons."""
    found: list[str] = []
    by_day = _by_day(rows)
    day = min(by_day, default=today)
    while day < today:
        if day not in by_day:
            found.append(f"{day}: Graph has no score")
        day += timedelta(days=1)
    for day, score in sorted(by_day.items()):
        if score is None:
            found.append(f"{day}: the score has another form than Graph describes")
            continue
        if score.current_score is None or score.current_score < 0:
            found.append(f"{day}: the score is {score.current_score}")
        if not score.average_comparative_scores:
            found.append(f"{day}: no comparison with other tenants")
    return found


def change(rows: Iterable[Row], day: date) -> dict[str, float | None] | None:
    """A day's score, and its distance from the last score before it in percentage points of the maximum.

    In percent, since the maximum itself changes when Microsoft adds a control. None where the day has no score.
    """
    by_day = _by_day(rows)
    score = by_day.get(day)
    if score is None or score.percent is None:
        return None
    before = [one.percent for at, one in sorted(by_day.items()) if at < day and one and one.percent is not None]
    previous = before[-1] if before else None
    return {
        "score": score.current_score,
        "max_score": score.max_score,
        "percent": round(score.percent, 2),
        "previous_percent": None if previous is None else round(previous, 2),
        "change_percent": None if previous is None else round(score.percent - previous, 2),
    }


def _by_day(rows: Iterable[Row]) -> dict[date, _Score | None]:
    """Of several scores of a day the last; None where it has another form than Graph describes."""
    return {instants.to_date(row.at): _score(row) for row in sorted(rows, key=lambda row: row.at)}


def _score(row: Row) -> _Score | None:
    try:
        return msgspec.json.decode(row.raw, type=_Score)
    except msgspec.DecodeError:
        return None
