"""Alarms hear what the app tells: each event is told when its time has come, with what an alarm asks of it."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from local.simulator.faults import ProviderFailure, Scripted
from shared import instants
from shared.errors import GraphRefused
from shared.views.rendering import Rendering
from tests.export.world import RULES, World
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.resources.updated import Updated
from tests.simulated import TENANT, InlineExecutor
from tests.subscriptions.tended import Tended


class Told:
    """The events that were emitted."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="shared.events")
        self._caplog = caplog

    def all(self, event: str) -> list[dict[str, Any]]:
        """Those of this name, in order."""
        told = [json.loads(record.getMessage()) for record in self._caplog.records if record.name == "shared.events"]
        return [one for one in told if one["event"] == event]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    return Told(caplog)


def test_a_finished_export(told: Told) -> None:
    """Its lag, what it brought, and what it asked of Graph."""
    world = World()
    for ago_s in range(10, 1210, 10):
        world.create(ago_s)
    world.graph.faults["alerts_v2"].script = [Scripted(429, "1")]
    world.run()
    [one] = told.all("export.finished")
    assert (one["records"], one["records_total"], one["gaps"], one["continues"]) == (120, 120, 0, False)
    assert one["throttled"] == 1
    assert one["requests"] > 3  # a day each, and the one that was throttled
    assert 0 <= one["lag_seconds"] <= one["seconds"] + 1
    assert one["complete_until"] <= instants.to_text(world.now)


def test_a_comparison(told: Told) -> None:
    """What it found, since it began, and whether more is to be compared."""
    world = World()
    world.create(60)
    world.run()
    world.rules = replace(RULES, budget_s=0.1)
    for ago_s in (86_400, 90_000):
        world.create(ago_s)
    world.run(world.comparison())
    for _ in range(9):
        world.clock.advance(20)
        world.deliver()
    first, *_, last = told.all("reconcile.finished")
    assert first["job"] == last["job"]
    assert first["continues"]
    assert not last["continues"]
    assert (last["days"], last["missing"], last["filled"], last["only_in_blobs"], last["gaps"]) == (3, 2, 2, 0, 0)
    assert last["requests"] > 0
    assert last["asked_by"] == "tick"


def test_lag_counts_from_what_is_whole(told: Told) -> None:
    """An export that its time cuts off tells how far behind it is, not how long it ran."""
    world = World(rules=replace(RULES, budget_s=1))
    world.graph.faults["alerts_v2"].max_top = 5
    for hour in range(40):
        world.create(hour * 3600)
    world.run()
    [one] = told.all("export.finished")
    assert one["continues"]
    assert one["lag_seconds"] > 3600


def test_a_failure_a_gap_and_a_source_that_is_gone(told: Told) -> None:
    """Each names tenant and source."""
    world = World()
    world.create()
    faults = world.graph.faults["alerts_v2"]
    faults.partial = [ProviderFailure("Microsoft", "Microsoft Sentinel", 504)]
    world.run()
    gap = told.all("export.gap")[-1]
    assert gap["providers"] == {"Microsoft/Microsoft Sentinel": 504}
    assert told.all("export.finished")[-1]["gaps"] == 1
    faults.partial = []
    faults.script = [Scripted(403)]
    world.run()
    [failed] = told.all("export.failed")
    assert (failed["source"], failed["reason"]) == ("alerts_v2", "refused")
    faults.gone = "404"
    world.run()
    assert [one["reason"] for one in told.all("export.gone")] == ["gone"]


def test_a_score_is_told_on_the_day_it_is_kept_and_not_again(told: Told) -> None:
    """The newest day alone, with its distance from the day before: an alarm must not ring for last month's drop."""
    world = World("secureScores")
    today = instants.floor(world.now, instants.DAY)
    for ago, current in ((2, 90.0), (1, 80.0), (0, 60.0)):
        record = world.records.create(instants.to_text(today - ago * instants.DAY))
        world.records.amend(record, {"currentScore": current, "maxScore": 200.0})
    world.run()
    world.run()
    [one] = told.all("secureScore.kept")
    assert (one["day"], one["percent"], one["change_percent"]) == ("2026-11-23", 30.0, -10.0)


def test_subscriptions(told: Told) -> None:
    """Made, looked at with the hours that are left, lost, and refused with Graph's words."""
    tended = Tended()
    tended.run()
    [made] = told.all("subscriptions.created")
    [alive] = told.all("subscriptions.checked")
    assert made["resource"] == alive["resource"] == "security/alerts_v2"
    assert (alive["state"], alive["hours_left"]) == ("alive", 29 * 24)
    tended.graph.faults.subscriptions.alerts_v2 = "refused"
    for id_ in tended.alive():
        tended.graph.notifier.register.remove(id_)
    tended.run()
    assert told.all("subscriptions.refused")
    assert told.all("subscriptions.checked")[-1] == alive | {"state": "lost", "hours_left": None}


def test_updates(told: Told) -> None:
    """Made, refused, and without an audit: which record, what became of it, where it is kept; no word of a person."""
    world = Updated()
    _, answer = world.patch("alerts_v2", {"status": "resolved", "comment": "hush"}, x_requested_by="Zoe")
    world.patch("alerts_v2", {"status": "new"}, "none")
    world.patch("alerts_v2", {"status": "new"}, query="dryRun=true")
    [made], [refused] = told.all("update.made"), told.all("update.refused")
    assert made == {
        "event": "update.made",
        "tenant": TENANT,
        "collection": "alerts_v2",
        "resource_id": "a",
        "status": 200,
        "change": "done",
        "comment": "done",
        "audit": answer["audit"],
    }
    assert (refused["resource_id"], refused["status"], refused["audit"]) == ("none", 404, None)
    assert not told.all("update.unaudited")

    def fail(operation: str, _name: str) -> None:
        if operation in broken:
            raise ServiceRequestError("no storage")

    broken = {"create"}
    world.blobs.before = fail
    world.patch("alerts_v2", {"status": "new"})
    broken = {"put"}
    world.patch("alerts_v2", {"status": "new"})
    outcomes = [(one["status"], one["change"], bool(one["audit"])) for one in told.all("update.unaudited")]
    assert outcomes == [(503, "not done", False), (200, "done", True)]
    assert [one["change"] for one in told.all("update.made")] == ["done", "done"]


def test_subscriptions_that_nobody_could_look_after(told: Told) -> None:
    """Graph did not even list them."""
    tended = Tended()
    tended.graph.faults.subscriptions.script = [Scripted(403)]
    with pytest.raises(GraphRefused):
        tended.run()
    assert [one["reason"] for one in told.all("subscriptions.failed")] == ["refused"]
    assert not told.all("subscriptions.checked")


def test_reports(told: Told) -> None:
    """One that failed says whose and why; the run says how many there were, and how many wait."""
    clock = FakeClock()
    data = MemoryBlobs(clock)
    views = MemoryBlobs(clock, after=lambda what, _: clock.advance(what == "put"))
    data.put("secureScores/tenant=broken/date=never/secureScore.json", b"{}")
    rendering = Rendering(
        data=data,
        state=MemoryBlobs(clock),
        views=views,
        sources=["alerts_v2"],
        clock=clock,
        pool=lambda _: InlineExecutor(),
    )
    rendering.all_tenants(["broken", "whole", "left"], seconds=1)
    [failed] = told.all("report.failed")
    assert (failed["tenant"], failed["reason"]) == ("broken", "data")
    assert "secureScores/tenant=broken/date=never/secureScore.json" in failed["message"]
    [run] = told.all("reports.rendered")
    assert (run["rendered"], run["failed"], run["left"], run["seconds"]) == (1, 1, 1, 2.0)
