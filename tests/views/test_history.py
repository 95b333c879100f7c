"""The secure score over all days, against a history that was counted by hand."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.views import words
from shared.views.history import Day, History, Move, read_history
from shared.views.plan import make_plan
from tests.graph.test_secure_score import SCORES
from tests.hostile import ANYTHING, as_json

TABLE = """
day         score   max  AllTenants TotalSeats   mfa  audit    dlp   old   new  scid
2026-11-18     46    80          40         50    10     20      6    10     -     0
2026-11-19     51    80          40         50    15     20  6.004    10     -     0
2026-11-21     -1    80          41         -1     0      0      0     0     -     0
2026-11-22     41    80           -          -    25     10      6     -     0     0
2026-11-23     45   100          42         50    25     10      6     -     4     0
"""
"""mfa comes on, audit falls back, dlp hardly moves, old goes and new comes in; a day is missing, one has no score."""

BASES = ("AllTenants", "TotalSeats")


def kept(table: str) -> Iterator[tuple[date, bytes]]:
    """A table's scores as they are kept; a dash is what Graph left out."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    for row in rows:
        cells = {name: float(cell) for name, cell in zip(head[1:], row[1:], strict=True) if cell != "-"}
        yield date.fromisoformat(row[0]), json.dumps(_score(cells)).encode()


def _score(cells: Mapping[str, float]) -> dict[str, Any]:
    controls = [name for name in cells if name not in ("score", "max", *BASES)]
    return {
        "currentScore": cells["score"],
        "maxScore": cells["max"],
        "averageComparativeScores": [{"basis": name, "averageScore": cells[name]} for name in BASES if name in cells],
        "controlScores": [{"controlName": name, "score": cells[name]} for name in controls],
    }


def november(day: int) -> date:
    return date(2026, 11, day)


@pytest.fixture
def history() -> History:
    return read_history(kept(TABLE), november(24))


def test_every_day_has_its_place(history: History) -> None:
    """Those without a score, too; what is odd is said in words."""
    assert history.days == [
        Day(november(18), 46, 80, 57.5, {"AllTenants": 40, "TotalSeats": 50}),
        Day(november(19), 51, 80, 63.75, {"AllTenants": 40, "TotalSeats": 50}),
        Day(november(20), oddities=("Graph has no score",)),
        Day(november(21), oddities=("the score is -1.0",)),
        Day(november(22), 41, 80, 51.25, {}, ("no comparison with other tenants",)),
        Day(november(23), 45, 100, 45, {"AllTenants": 42, "TotalSeats": 50}),
    ]
    assert [one.day.day for one in history.counted()] == [18, 19, 22, 23]


def test_days_before_the_first_comparison_are_not_odd(history: History) -> None:
    """Graph compares some tenants only after weeks, or never: that is told once, and a later hole day by day."""
    head, *rows = TABLE.strip().splitlines()

    def without(count: int) -> History:
        bare = [re.sub(r"^(\S+ +\S+ +\S+) +\S+ +\S+", r"\1 - -", row) for row in rows]
        return read_history(kept("\n".join([head, *bare[:count], *rows[count:]])), november(24))

    assert history.never_compared == ()
    words = "no comparison with other tenants"
    for count, never in ((1, f"2026-11-18: {words}"), (4, f"2026-11-18 to 2026-11-22: {words}")):
        assert without(count).never_compared == (never,)
    assert [one.day.day for one in without(1).days if words in one.oddities] == [22]
    told = without(len(rows))
    assert told.never_compared == (f"2026-11-18 to 2026-11-23: {words}",)
    assert {one.day.day: one.oddities for one in told.days if one.oddities} == {
        20: ("Graph has no score",),
        21: ("the score is -1.0",),
    }


def test_controls_that_moved_the_score(history: History) -> None:
    """Compared with the last score that counts, the newest day first and there the largest first."""
    assert history.moves == [
        Move(november(23), "new", 0, 4),
        Move(november(22), "audit", 20, 10),
        Move(november(22), "mfa", 15, 25),
        Move(november(22), "old", 10, None),
        Move(november(22), "new", None, 0),
        Move(november(19), "mfa", 10, 15),
    ]
    assert [move.points for move in history.moves] == [4, -10, 10, -10, 0, 5]


@pytest.mark.parametrize(
    ("days", "change"), [(0, 0), (1, -6.25), (2, -18.75), (3, -18.75), (4, -18.75), (5, -12.5), (6, None), (365, None)]
)
def test_the_change_over_some_days(history: History, days: int, change: float | None) -> None:
    """Since that day, or since the last score before it; nothing where no score is so old."""
    assert history.change_over(days) == change


def test_the_newest_score_that_counts_is_the_latest() -> None:
    """A bad day at the end does not hide it, and is marked."""
    history = read_history([*kept(TABLE), (november(24), b'{"currentScore": -1, "maxScore": 100}')], november(24))
    assert history.latest
    assert history.latest.percent == 45
    assert history.change_over(1) == -6.25
    assert history.days[-1].oddities[0] == "the score is -1.0"


def test_a_day_without_a_score_stays_odd_where_nothing_was_compared() -> None:
    """Why it has none is told, whatever else is missing."""
    [one] = read_history([(november(23), b'{"currentScore": 5, "maxScore": 0}')], november(23)).days
    assert one == Day(november(23), oddities=("the maximum is 0.0", "no points by control"))


@pytest.mark.parametrize(
    ("raw", "oddity"),
    [
        (b"[]", "the score has another form than Graph describes"),
        (b"\xff", "the score has another form than Graph describes"),
        (b'{"currentScore": NaN, "maxScore": 80}', "the score has another form than Graph describes"),
        (
            b'{"currentScore": 5, "maxScore": 0, "averageComparativeScores": [{"basis": "AllTenants",'
            b'"averageScore": 9}], "controlScores": [{"controlName": "mfa", "score": 5}]}',
            "the maximum is 0.0",
        ),
    ],
)
def test_a_day_that_cannot_be_counted(raw: bytes, oddity: str) -> None:
    """It stands there alone, with the reason, and no score."""
    assert read_history([(november(23), raw)], november(23)) == History(
        [Day(november(23), oddities=(oddity,))], [], None
    )


def test_a_score_that_names_no_control_moves_none() -> None:
    """All of them would seem to go, and to come back a day later."""
    bare = json.dumps(_score({"score": 46, "max": 80, "AllTenants": 40})).encode()
    *_, (_, before), after = list(kept(TABLE))[:2]
    history = read_history([(november(17), before), (november(18), bare), after], november(19))
    assert history.moves == [Move(november(19), "mfa", 10, 15)]
    assert history.days[1].oddities == ("no points by control",)
    assert history.days[1].percent == 57.5


def test_a_feed_that_stops_shows() -> None:
    """Each day since the last score is marked, but for today: its score may still come."""
    history = read_history(kept(TABLE), november(26))
    assert [(one.day, one.percent, one.oddities) for one in history.days[-2:]] == [
        (november(24), None, ("Graph has no score",)),
        (november(25), None, ("Graph has no score",)),
    ]


def test_nothing_kept() -> None:
    """The first run of a new deployment."""
    assert read_history([], november(24)) == History([], [], None)
    assert read_history([], november(24)).change_over(1) is None


@given(st.dictionaries(st.integers(0, 60), SCORES | ANYTHING, max_size=8))
def test_any_scores_make_a_history(sent: dict[int, Any]) -> None:
    """Every day from the first to the last is there once, and every number can be written."""
    days = [(november(1) + timedelta(days=ago), as_json(score)) for ago, score in sorted(sent.items())]
    history = read_history(days, days[-1][0] if days else november(1))
    span = (days[-1][0] - days[0][0]).days + 1 if days else 0
    assert [one.day for one in history.days] == [days[0][0] + timedelta(days=n) for n in range(span)]
    for one in history.days:
        assert words.tenth(one.percent) or one.oddities
        assert all(words.tenth(average) for average in one.averages.values())
    assert all(words.signed(move.points) and move.before != move.after for move in history.moves)
    assert (history.latest is None) == (not history.counted())
    if history.latest:
        assert make_plan(history.latest, []).project([]).percent == history.counted()[-1].percent
