"""Secure scores and control profiles, kept by days."""

import json
import zlib
from contextlib import suppress

import pytest

from local.simulator.wire import Request, Response
from shared import instants
from shared.errors import GraphUnavailable
from tests.export.world import At, Killed, KilledAt, World

DAYS = 5


def scores(days: int = DAYS) -> World:
    """A Graph with some days of scores."""
    world = World("secureScores")
    for day in range(days):
        world.records.create(instants.to_text(instants.floor(world.now, instants.DAY) - day * instants.DAY))
    return world


def test_every_day_that_graph_shows_is_kept_once() -> None:
    """One blob a day, by createdDateTime, byte for byte; a second run adds nothing."""
    world = scores()
    world.run()
    world.run()
    names = list(world.data.names(""))
    assert len(names) == DAYS
    assert names[-1].endswith("date=2026-11-23/secureScore.json")
    assert len(set(world.exported())) == DAYS
    world.check_chain()


def test_a_day_that_graph_shows_late_is_kept_too() -> None:
    """A hole in Graph's history is a warning until it is filled."""
    world = World("secureScores")
    today = instants.floor(world.now, instants.DAY)
    for day in (0, 2):
        world.records.create(instants.to_text(today - day * instants.DAY))
    world.run()
    assert "2026-11-22: Graph has no score" in world.checkpoint().warnings
    world.records.create(instants.to_text(today - instants.DAY))
    world.run()
    assert not [warning for warning in world.checkpoint().warnings if "no score" in warning]
    assert len(list(world.data.names(""))) == 3
    world.check_chain()


def test_bad_scores_are_kept_and_warned_of() -> None:
    """-1 and an empty comparison are what Graph sent: evidence, with a word beside it."""
    world = scores(2)
    first, second = (revision.id for revision in world.records.current())
    world.records.amend(first, {"currentScore": -1})
    world.records.amend(second, {"averageComparativeScores": []})
    world.run()
    warnings = " ".join(world.checkpoint().warnings)
    assert "the score is -1" in warnings
    assert "no comparison" in warnings
    assert sum(world.exported().values()) == 2


def test_days_before_the_first_comparison_are_one_warning() -> None:
    """Graph compares some tenants only after weeks, or never; once it has, each day without is one of its own."""
    world = scores(5)
    oldest, second, third, fourth, newest = sorted(world.records.current(), key=lambda revision: revision.at)
    for revision in (oldest, second, fourth):
        world.records.amend(revision.id, {"averageComparativeScores": []})
    world.run()
    words = "no comparison with other tenants"
    assert world.checkpoint().warnings == [f"2026-11-19 to 2026-11-20: {words}", f"2026-11-22: {words}"]
    for revision in (third, newest):
        world.records.amend(revision.id, {"averageComparativeScores": None})
    world.run()
    assert world.checkpoint().warnings == [f"2026-11-19 to 2026-11-23: {words}"]


def test_a_score_of_another_form_is_kept_and_warned_of() -> None:
    """What a warning is made of must not stand in the way of keeping."""
    world = scores(1)
    (record,) = (revision.id for revision in world.records.current())
    world.records.amend(record, {"currentScore": "n/a"})
    world.run()
    assert len(list(world.data.names(""))) == 1
    assert "another form" in world.checkpoint().warnings[0]


def test_a_profile_without_a_date_is_kept() -> None:
    """Graph's own example has ``lastModifiedDateTime: null`` (List secureScoreControlProfiles)."""
    world = World("secureScoreControlProfiles")
    world.records.amend(world.create(1), {"lastModifiedDateTime": None})
    world.run()
    assert len(list(world.lines())) == 1


def test_a_partial_snapshot_is_kept_and_leaves_a_gap() -> None:
    """206: what came is kept, and who failed is named in blob, manifest and checkpoint."""
    world = World("secureScoreControlProfiles")
    world.create(1)
    answer = world.graph.answer

    def partial(request: Request) -> Response:
        whole = answer(request)
        return Response(206, {**whole.headers, "Warning": '199 - "Microsoft/SecureScore/504/10000"'}, whole.body)

    world.graph.answer = partial  # type: ignore[method-assign]
    world.run()
    assert [gap.provider for gap in world.checkpoint().gaps] == ["Microsoft/SecureScore"]
    (name,) = world.data.names("")
    properties = world.data.properties(name)
    assert properties
    assert properties.metadata["partial"] == "Microsoft/SecureScore/504"
    world.check_chain()


def test_a_short_outage_costs_no_day() -> None:
    """The next tick is tomorrow: a tick that fails asks again within the hour."""
    world = World("secureScoreControlProfiles")
    world.create(1)
    world.graph.faults["secureScoreControlProfiles"].outage = 500
    world.run()
    world.clock.advance(3600)
    world.deliver()
    world.graph.faults["secureScoreControlProfiles"].outage = None
    world.clock.advance(3600)
    world.deliver()
    assert len(list(world.data.names(""))) == 1
    assert world.jobs.messages == []


def test_profiles_are_a_whole_snapshot_a_day() -> None:
    """All of them once a day, whatever their age."""
    world = World("secureScoreControlProfiles")
    for day in range(30):
        world.create(day * 86400)
    world.run()
    world.run()
    world.clock.advance(86400)
    world.run()
    names = list(world.data.names(""))
    assert [name.rpartition("date=")[2] for name in names] == [
        "2026-11-23/profiles.ndjson.gz",
        "2026-11-24/profiles.ndjson.gz",
    ]
    lines = zlib.decompress(b"".join(world.data.chunks(names[0])), 31).splitlines()
    assert {json.loads(line)["id"] for line in lines} == {revision.id for revision in world.records.current()}
    world.check_chain()


def test_no_profile_at_all_is_a_failure_and_no_snapshot() -> None:
    """An empty list is something Graph answers by mistake (zerotrustassessment PR 1489)."""
    world = World("secureScoreControlProfiles")
    with pytest.raises(GraphUnavailable, match="no secure score control profile"):
        world.run(world.job("person"))
    assert list(world.data.names("")) == []
    assert world.checkpoint().failure is not None


def test_of_several_scores_of_a_day_the_last_is_kept() -> None:
    """There is one blob a day."""
    world = World("secureScores")
    noon = instants.floor(world.now, instants.DAY)
    world.records.create(instants.to_text(noon + 1), id="first")
    world.records.create(instants.to_text(noon + 2), id="last")
    world.run()
    assert [record for record, _ in world.exported()] == ["last"]


def test_a_snapshot_that_a_crash_left_is_finished_on_a_later_day() -> None:
    """Graph shows the present alone, so nothing else would lead back to it."""
    world = World("secureScoreControlProfiles")
    world.create()
    with pytest.raises(Killed):
        world.run(step=KilledAt(At("after create", 2)))
    world.clock.advance(3 * 86_400)
    world.run()
    world.check_chain()
    assert len(world.checkpoint().days) == 2


def test_a_day_that_a_crash_left_is_described_as_it_lies_there() -> None:
    """Whatever Graph shows by then: the blob is evidence, and the manifest is of its bytes."""
    world = World("secureScoreControlProfiles")
    world.create(1)
    with suppress(Killed):
        world.run(step=KilledAt(At("after create", 2)))
    world.create(1)
    world.clock.advance(61)
    world.run()
    assert sum(world.exported().values()) == world.checkpoint().records == 1
    world.check_chain()


@pytest.mark.parametrize("source", ["secureScores", "secureScoreControlProfiles"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(source: str) -> None:
    """Blob, checkpoint, manifest: whichever is missing is made by the next run, the blob never again."""
    for n in range(1, 80):
        world = World(source)
        for day in range(3):
            world.create(day * 86400)
        try:
            world.run(step=KilledAt(At("", n)))
            finished = True
        except Killed:
            finished = False
        kept = {name: b"".join(world.data.chunks(name)) for name in world.data.names("")}
        world.clock.advance(61)
        world.run()
        assert kept.items() <= {name: b"".join(world.data.chunks(name)) for name in world.data.names("")}.items()
        assert set(world.exported().values()) == {1}
        assert len(world.exported()) == 3
        world.check_chain()
        if finished:
            return
    pytest.fail("the worker never finished")
