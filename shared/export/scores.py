"""What the secure scores that Graph lists say: what is odd in them, and how the score changed. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from shared import instants
from shared.graph.pages import Row
from shared.graph.secure_score import NO_COMPARISON, SecureScore, never_compared, read_score


def odd(rows: Iterable[Row], today: date) -> list[str]:
    """What is odd, in words: missing days, scores of -1, empty comparisons; those before the first one all at once."""
    found: list[str] = []
    by_day = _by_day(rows)
    day = min(by_day, default=today)
    while day < today:
        if day not in by_day:
            found.append(f"{day}: Graph has no score")
        day += timedelta(days=1)
    scores = sorted(by_day.items())
    first = next((day for day, score in scores if score and score.averages()), today + timedelta(days=1))
    found += never_compared([day for day, score in scores if score and day < first])
    for day, score in scores:
        oddities = ["the score has another form than Graph describes"] if score is None else score.oddities()
        found += (f"{day}: {oddity}" for oddity in oddities if oddity != NO_COMPARISON or day > first)
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


def _by_day(rows: Iterable[Row]) -> dict[date, SecureScore | None]:
    """Of several scores of a day the last; None where it has another form than Graph describes."""
    return {instants.to_date(row.at): read_score(row.raw) for row in sorted(rows, key=lambda row: row.at)}
