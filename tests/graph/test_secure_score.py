"""What is read of a score and of a control profile."""

import json
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.secure_score import SecureScore, SecureScoreControlProfile, read_profile, read_score
from tests.hostile import ANYTHING, as_json, shaped

NUMBERS = st.floats(-1, 1000) | st.integers(-1, 1000)

SCORES = shaped(
    {
        "currentScore": NUMBERS,
        "maxScore": NUMBERS,
        "averageComparativeScores": st.lists(shaped({"basis": st.text(), "averageScore": NUMBERS})),
        "controlScores": st.lists(shaped({"controlName": st.text(), "score": NUMBERS})),
    }
)
PROFILES = shaped(
    {
        "id": st.text(),
        "title": st.text(),
        "maxScore": NUMBERS,
        "implementationCost": st.sampled_from(["Low", "High"]),
        "deprecated": st.booleans(),
        "controlStateUpdates": st.lists(shaped({"state": st.text(), "updatedDateTime": st.text()})),
    }
)


def score(**members: Any) -> SecureScore:
    """A score with these members, in Graph's spelling."""
    found = read_score(json.dumps(members).encode())
    assert found is not None
    return found


def profile(**members: Any) -> SecureScoreControlProfile:
    """A control profile with these members."""
    found = read_profile(json.dumps({"id": "mfa"} | members).encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("current", "maximum", "percent"),
    [
        (41, 80, 51.25),
        (0, 80, 0.0),
        (90, 80, 112.5),
        (-1, 80, None),
        (None, 80, None),
        (40, None, None),
        (40, 0, None),
        (40, -1, None),
        (40, 1e-300, None),
    ],
)
def test_percent(current: float | None, maximum: float | None, percent: float | None) -> None:
    """Of the maximum; -1 is Graph's word for a score that it could not compute, and not a drop below zero."""
    assert score(currentScore=current, maxScore=maximum).percent == percent


@pytest.mark.parametrize(
    ("sent", "averages"),
    [
        ([("AllTenants", 37.5), ("TotalSeats", 100), ("IndustryTypes", 0)], (37.5, 100, 0)),
        ([("AllTenants", 40), ("TotalSeats", 50), ("IndustryTypes", 109)], (20, 25, 54.5)),
        ([("AllTenants", -1), ("TotalSeats", None), ("IndustryTypes", 109)], (None, None, 54.5)),
        ([("AllTenants", 41.5), ("TotalSeats", -1)], (41.5, None, None)),
        ([(None, 41.5), ("", 3)], (None, None, None)),
        ([], (None, None, None)),
    ],
    ids=["percent", "points", "points with holes", "percent with a hole", "of nobody", "empty"],
)
def test_averages(sent: list[tuple[str, float]], averages: tuple[float | None, ...]) -> None:
    """In percent, whatever Graph's unit is: one above 100 tells that all of a score's averages are points."""
    found = score(
        maxScore=200, averageComparativeScores=[{"basis": basis, "averageScore": value} for basis, value in sent]
    )
    wanted = zip(("AllTenants", "TotalSeats", "IndustryTypes"), averages, strict=True)
    assert found.averages() == {basis: value for basis, value in wanted if value is not None}


def test_points_without_a_maximum_stay_what_they_are() -> None:
    """There is nothing to divide by."""
    assert score(averageComparativeScores=[{"basis": "AllTenants", "averageScore": 109}]).averages() == {
        "AllTenants": 109
    }


def test_controls() -> None:
    """Those that have points, zero included; without a name, or with -1, there is none."""
    sent = [("mfa", 10), ("audit", 0), ("dlp", -1), ("scid_1", None), (None, 5), ("", 5)]
    found = score(controlScores=[{"controlName": name, "score": points} for name, points in sent])
    assert found.controls() == {"mfa": 10, "audit": 0}


COMPARED = [{"basis": "AllTenants", "averageScore": 40}]
NAMED = [{"controlName": "mfa", "score": 1}]


@pytest.mark.parametrize(
    ("current", "compared", "controls", "oddities"),
    [
        (40, COMPARED, NAMED, []),
        (-1, COMPARED, NAMED, ["the score is -1.0"]),
        (None, [], NAMED, ["the score is None", "no comparison with other tenants"]),
        (40, None, NAMED, ["no comparison with other tenants"]),
        (40, [{"basis": "AllTenants", "averageScore": -1}], NAMED, ["no comparison with other tenants"]),
        (40, COMPARED, [], ["no points by control"]),
        (40, COMPARED, None, ["no points by control"]),
    ],
)
def test_oddities(current: float | None, compared: object, controls: object, oddities: list[str]) -> None:
    """What Graph has been seen to leave out, -1 in all comparisons included (microsoft-graph-docs#6344)."""
    found = score(currentScore=current, maxScore=80, averageComparativeScores=compared, controlScores=controls)
    assert list(found.oddities()) == oddities


@pytest.mark.parametrize(
    ("updates", "state"),
    [
        (None, "Default"),
        ([], "Default"),
        ([{"state": None, "updatedDateTime": "2026-11-01T00:00:00Z"}], "Default"),
        ([{"state": "Ignored", "updatedDateTime": None}], "Ignored"),
        (
            [
                {"state": "ThirdParty", "updatedDateTime": "2026-11-02T00:00:00Z"},
                {"state": "Ignored", "updatedDateTime": "2026-11-03T00:00:00Z"},
                {"state": "Reviewed", "updatedDateTime": "2026-11-01T00:00:00Z"},
                {"state": "Default", "updatedDateTime": None},
            ],
            "Ignored",
        ),
    ],
)
def test_the_latest_decision_is_the_state(updates: object, state: str) -> None:
    """In whatever order Graph sends the decisions."""
    assert profile(controlStateUpdates=updates).state == state


def test_half_a_surrogate_pair_hides_no_score() -> None:
    """JSON allows it, the fast parser does not."""
    raw = rb'{"note": "\ud800", "currentScore": 41, "maxScore": 80, "controlScores": [{"controlName": "\ud800"}]}'
    found = read_score(raw)
    assert found
    assert found.percent == 51.25


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "9" * 400,
        "9" * 5000,
        "1e308",
        "1e27",
        "1e9",
        '"41"',
        "true",
        "[]",
        "{}",
    ],
    ids=lambda number: number[:12],
)
@pytest.mark.parametrize("hidden", ["", r'"note": "\ud800", '], ids=["fast", "lenient"])
def test_what_is_no_sane_number_is_no_score(number: str, hidden: str) -> None:
    """A page can't draw it; -Infinity alone counts as what is below zero."""
    found = read_score(f'{{{hidden}"currentScore": {number}, "maxScore": 80}}'.encode())
    assert found is None or found.percent is None


@given(SCORES | ANYTHING)
def test_any_json_is_a_score_or_none(sent: Any) -> None:
    """And all numbers of a score can be drawn."""
    found = read_score(as_json(sent))
    if found is None:
        return
    percent = [] if found.percent is None else [found.percent]
    assert all(isfinite(value) and value >= 0 for value in (*percent, *found.averages().values()))
    assert all(isfinite(value) and value >= 0 for value in found.controls().values())
    assert all(isinstance(oddity, str) for oddity in found.oddities())


@given(PROFILES | ANYTHING)
def test_any_json_is_a_profile_or_none(sent: Any) -> None:
    """A profile always has a state."""
    found = read_profile(as_json(sent))
    assert found is None or found.state


@pytest.mark.parametrize("raw", [b"", b"\xff", b"{", b"[" * 100_000, b'{"id":' * 100_000], ids=lambda raw: str(raw[:8]))
def test_what_is_no_json_is_nothing(raw: bytes) -> None:
    """However deep it goes."""
    assert read_score(raw) is None
    assert read_profile(raw) is None


@given(st.binary())
def test_any_bytes_are_nothing_or_something(raw: bytes) -> None:
    """Nothing is raised."""
    read_score(raw)
    read_profile(raw)
