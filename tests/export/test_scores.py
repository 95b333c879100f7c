"""What the listed secure scores say."""

import json
from datetime import date

import pytest

from shared import instants
from shared.export import scores
from shared.graph.pages import Row

DAY = date(2026, 11, 23)


def row(day: str, current: object, maximum: object = 200) -> Row:
    raw = json.dumps({"currentScore": current, "maxScore": maximum}).encode()
    return Row(raw, instants.from_text(f"{day}T01:00:00Z"), day.encode(), "")


@pytest.mark.parametrize(
    ("before", "now", "percent", "previous", "change"),
    [
        ([], row("2026-11-23", 50), 25.0, None, None),
        ([row("2026-11-22", 60)], row("2026-11-23", 50), 25.0, 30.0, -5.0),
        ([row("2026-11-20", 60), row("2026-11-21", -1)], row("2026-11-23", 70), 35.0, 30.0, 5.0),
        ([row("2026-11-22", 50, 100)], row("2026-11-23", 60, 120), 50.0, 50.0, 0.0),
        ([row("2026-11-22", 50, 0)], row("2026-11-23", 0), 0.0, None, None),
        ([row("2026-11-22", "high")], row("2026-11-23", 1), 0.5, None, None),
    ],
    ids=["the first", "a drop", "after a gap and a bad day", "a new control", "no maximum", "another form"],
)
def test_a_score_is_compared_with_the_last_good_one(
    before: list[Row], now: Row, percent: float, previous: float | None, change: float | None
) -> None:
    """In percentage points of the maximum; a day without a score is passed over."""
    told = scores.change([now, *before], DAY)
    assert told
    assert (told["percent"], told["previous_percent"], told["change_percent"]) == (percent, previous, change)


@pytest.mark.parametrize("bad", [row("2026-11-23", -1), row("2026-11-23", None), row("2026-11-22", 5)])
def test_a_day_without_a_score_has_no_change(bad: Row) -> None:
    """Graph's -1 is no score, and would be the greatest drop of all."""
    assert scores.change([bad], DAY) is None
