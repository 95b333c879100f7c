"""What the data looks like to a person: scores that move as a tenant's do, controls with names, alerts with a past."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.records.adoption import courses
from local.simulator.records.controls import CONTROLS, control
from local.simulator.tenant import Tenant, generated
from tests.simulator.client import Client
from tests.simulator.conftest import NOON, TENANT, Clock

SERVICES = tuple(each.service for each in CONTROLS)


@pytest.fixture
def profiles(full: Client) -> dict[str, dict[str, Any]]:
    """All controls by id."""
    return {row["id"]: row for page in full.pages("secureScoreControlProfiles") for row in page}


def scores(seed: int) -> list[dict[str, Any]]:
    """90 days of a tenant, the oldest first."""
    client = Client(generated(TENANT, end=NOON, seed=seed), lambda: NOON)
    rows: list[dict[str, Any]] = client.get("secureScores")["value"]
    return rows[::-1]


def minutes(row: dict[str, Any], first: str, last: str) -> float:
    """Between two of a record's timestamps."""
    return (datetime.fromisoformat(row[last]) - datetime.fromisoformat(row[first])) / timedelta(minutes=1)


def test_controls_have_names(profiles: dict[str, dict[str, Any]]) -> None:
    """Each has a title of its own, well over 40 of them are real ones, and some are what no reader expects."""
    titles = [row["title"] for row in profiles.values()]
    text = "\n".join(titles)

    assert len(titles) == len(set(titles)) == 120
    assert sum(not title.startswith("Set recommendation") for title in titles) >= 60
    assert "multifactor authentication is enabled for all users in administrative roles" in text
    assert all(
        part in text for part in ("<script>alert(1)</script>", "<img src=x", '"', "'", "&", "%", "\\", "=HYP", "保")
    )


def test_controls_differ(profiles: dict[str, dict[str, Any]]) -> None:
    """Costs, impacts, tiers, services, categories, maxima vary; some are deprecated, two add nothing to the score."""
    rows = profiles.values()

    def values(name: str) -> set[Any]:
        return {row[name] for row in rows}

    assert values("implementationCost") == values("userImpact") == {"Low", "Moderate", "High"}
    assert values("tier") == {"Core", "Defense in Depth", "Advanced"}
    assert values("maxScore") == {None, 0.0, *map(float, range(1, 11))}
    assert len(values("service")) == 10
    assert values("controlCategory") == {"Identity", "Apps", "Data", "Device", "Infrastructure"}
    assert 3 <= sum(row["deprecated"] for row in rows) <= 10
    assert sum(not row["maxScore"] for row in rows) == 2


def test_controls_of_defender_for_endpoint(profiles: dict[str, dict[str, Any]]) -> None:
    """scid_… is what they are called, and no other."""
    assert all((row["service"] == "MDATP") == name.startswith("scid_") for name, row in profiles.items())


def test_there_is_always_another_control() -> None:
    """Controls can be created beyond the 120, under names of their own."""
    names = {control(number).name for number in range(300)}

    assert len(names) == 300


@pytest.mark.parametrize("seed", [1, 2])
def test_a_score_is_the_sum_of_its_controls(profiles: dict[str, dict[str, Any]], seed: int) -> None:
    """Every control that has a maximum is there, between 0 and it; current and maximum are their sums."""
    maxima = {name: row["maxScore"] for name, row in profiles.items() if row["maxScore"]}
    for row in scores(seed):
        reached = {each["controlName"]: each["score"] for each in row["controlScores"]}
        assert len(reached) == len(row["controlScores"])
        assert reached.keys() == maxima.keys()
        assert all(0 <= points <= maxima[name] for name, points in reached.items())
        assert row["currentScore"] == pytest.approx(sum(reached.values()))
        assert row["maxScore"] == sum(maxima.values())
        assert 0 < row["currentScore"] < row["maxScore"]


def test_controls_in_scores_carry_open_members(profiles: dict[str, dict[str, Any]]) -> None:
    """What the service sends beyond the documented four, in agreement with them."""
    for each in scores(1)[-1]["controlScores"]:
        profile = profiles[each["controlName"]]
        assert each["controlCategory"] == profile["controlCategory"]
        assert each["score"] == pytest.approx(profile["maxScore"] * each["scoreInPercentage"] / 100, abs=0.01)
        assert each["implementationStatus"].endswith("of 5000 users are covered.")
        assert each["lastSynced"] == "2026-11-23T00:00:00Z"


@pytest.mark.parametrize("seed", range(5))
def test_the_score_moves_as_a_tenants_does(seed: int) -> None:
    """Better after 90 days than before, slowly on most days, at once on some, and now and then worse."""
    rows = scores(seed)
    days = [row["currentScore"] for row in rows]
    steps = [after - before for before, after in pairwise(days)]

    assert days[-1] > days[0]
    assert sorted(abs(step) for step in steps)[len(steps) // 2] < 2
    assert max(steps) > 8
    assert 2 <= sum(step < -0.5 for step in steps) <= 20
    for basis in range(3):
        assert len({row["averageComparativeScores"][basis]["averageScore"] for row in rows}) > 5


def test_tenants_differ_and_days_join() -> None:
    """The seed decides the course; a day that is created later goes on from the last one."""
    tenant = generated(TENANT, end=NOON, seed=3)
    client = Client(tenant, lambda: NOON)
    before = client.get("secureScores", top=1)["value"][0]
    after = client.get(f"secureScores/{tenant['secureScores'].create('2026-11-24T00:00:00Z')}")

    assert abs(after["currentScore"] - before["currentScore"]) < 30
    assert scores(4)[-1]["currentScore"] != before["currentScore"] == scores(3)[-1]["currentScore"]


@given(seed=st.integers(0, 1 << 40), day=st.integers(0, 5000))
def test_shares_are_shares(seed: int, day: int) -> None:
    """Whatever the seed and however long the history, no control is done less than not at all or more than whole."""
    assert all(0 <= course.share(day) <= 1 for course in courses(seed, SERVICES))


def test_alerts_have_a_past(clock: Clock) -> None:
    """Of those that were there at the start most are new, many resolved, after minutes to days, with a finding."""
    client = Client(generated(TENANT, end=NOON, alerts_v2=1000), clock)
    rows = client.get("alerts_v2", top=1000)["value"]
    resolved = [row for row in rows if row["status"] == "resolved"]
    took = sorted(minutes(row, "createdDateTime", "resolvedDateTime") for row in resolved)

    assert {row["status"] for row in rows} == {"new", "inProgress", "resolved"}
    assert 200 < len(resolved) < 400
    assert sum(row["status"] == "new" for row in rows) > 400
    assert all(minutes(row, "createdDateTime", "lastUpdateDateTime") >= 0 for row in rows)
    assert took[0] < 10 < 24 * 60 < took[-1]
    assert {row["classification"] for row in resolved} == {
        "truePositive",
        "falsePositive",
        "informationalExpectedActivity",
    }
    for row in rows:
        assert (row["resolvedDateTime"] is None) == (row["classification"] is None) == (row["status"] != "resolved")
        assert (row["assignedTo"] is None) == (row["status"] == "new")


def test_a_new_alert_is_new(client: Client) -> None:
    """What is created while somebody looks begins at its beginning, and is resolved by its second update."""
    alerts = client.tenant["alerts_v2"]
    created = [alerts.create("2026-11-23T11:00:00Z") for _ in range(30)]
    assert {row["status"] for row in client.get("alerts_v2")["value"]} == {"new"}
    for at in ("2026-11-23T11:10:00Z", "2026-11-23T11:20:00Z"):
        alerts.update(created[0], at)

    first = client.get(f"alerts_v2/{created[0]}")

    assert (first["status"], first["resolvedDateTime"]) == ("resolved", "2026-11-23T11:20:00.0000000Z")


def test_what_was_resolved_stays_so(clock: Clock) -> None:
    """Later updates of a resolved alert move its cursor, not the time of its resolution."""
    tenant = generated(TENANT, end=NOON, alerts_v2=50)
    client = Client(tenant, clock)
    before = next(row for row in client.get("alerts_v2")["value"] if row["status"] == "resolved")
    tenant["alerts_v2"].update(before["id"], NOON)

    after = client.get(f"alerts_v2/{before['id']}")

    assert after["resolvedDateTime"] == before["resolvedDateTime"] == before["lastUpdateDateTime"]
    assert after["lastUpdateDateTime"] > before["lastUpdateDateTime"]


def test_records_are_one_line(full: Client) -> None:
    """Whatever the titles hold."""
    for source in ("secureScores", "secureScoreControlProfiles"):
        body = full.send(source).body
        assert b"\n" not in body
        assert json.loads(body)["value"]


def test_an_empty_tenant_has_scores_too() -> None:
    """A score made in a world without history is the first day of one."""
    tenant = Tenant(TENANT)
    made = tenant["secureScores"].create("2026-11-23T00:00:00Z")

    assert Client(tenant, lambda: NOON).get(f"secureScores/{made}")["currentScore"] > 0
