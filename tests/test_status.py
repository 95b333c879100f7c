"""Status says in one word how each source is doing."""

from typing import Any

import pytest

from local.simulator.faults import ProviderFailure
from shared import status
from shared.status import OfTenant
from tests.export.world import World, with_rules
from tests.simulated import TENANT


def of(world: World) -> tuple[bool, dict[str, Any]]:
    """Healthy or not, and the details of the world's source."""
    stored = list(world.state.names("checkpoints/"))
    report: Any = status.report({(TENANT, world.source): world.checkpoint() if stored else None}, world.now)
    return report["healthy"], report["tenants"][TENANT][world.source]


def test_before_the_first_run_it_waits() -> None:
    """Nothing exported is not healthy."""
    assert of(World()) == (False, {"state": "waiting"})


def test_after_a_run_it_is_ok_with_its_lag() -> None:
    """Lag counts from when everything that Graph showed was in blobs, also on a quiet day."""
    world = World()
    world.run()
    world.clock.advance(90)
    healthy, details = of(world)
    assert healthy
    assert (details["state"], details["lag_seconds"], details["gaps"], details["failure"]) == ("ok", 90, [], None)


@pytest.mark.parametrize(("source", "hours"), [("alerts_v2", 1), ("incidents", 1), ("secureScores", 36)])
def test_it_is_late_when_no_run_succeeds(source: str, hours: int) -> None:
    """An hour for what is exported every few minutes, a day and a half for what is daily."""
    world = World(source)
    world.run()
    world.clock.advance(hours * 3600 - 1)
    assert of(world)[1]["state"] == "ok"
    world.clock.advance(2)
    assert of(world) == (False, of(world)[1] | {"state": "late"})


def test_a_failure_stands_until_a_run_succeeds() -> None:
    """With its reason and Graph's own words."""
    world = World()
    world.graph.faults["alerts_v2"].outage = 500
    world.run()
    healthy, details = of(world)
    assert (healthy, details["state"], details["failure"]["reason"]) == (False, "failing", "unavailable")
    world.graph.faults["alerts_v2"].outage = None
    world.run()
    assert of(world)[0]


def test_a_retired_endpoint_is_said_and_harms_no_health() -> None:
    """404 or 410 of the legacy alerts is no alarm."""
    world = World("alerts")
    world.graph.faults["alerts"].gone = "410"
    world.run()
    healthy, details = of(world)
    assert (healthy, details["state"]) == (True, "gone")


def test_a_legacy_endpoint_that_stays_empty_is_said() -> None:
    """Nobody knows how it ends: an empty list for ever is a word in status, not silence."""
    world = World("alerts")
    world.graph.faults["alerts"].gone = "empty"
    world.run()
    _, details = of(world)
    assert "2026-10-15" in details["warnings"][0]


def test_gaps_and_catch_ups_show() -> None:
    """Who failed and from when on; how far a catch-up has come."""
    world = World()
    world.graph.faults["alerts_v2"].partial = [ProviderFailure("Microsoft", "Microsoft Sentinel", 403)]
    world.graph.faults["alerts_v2"].max_top = 1
    for n in range(10):
        world.create(40 * 3600 - n)
    with_rules(world, budget_s=0.3)
    world.run()
    _, details = of(world)
    assert details["gaps"][0]["provider"] == "Microsoft/Microsoft Sentinel"
    assert details["lag_seconds"] > 30 * 3600
    assert details["complete_until"] == details["watermark"]


def part(n: int, state: str = "ok", lag: int = 10, *, healthy: bool = True, **subscriptions: Any) -> OfTenant:
    """One tenant among many."""
    shown = {"failure": None, "silent": False, "subscriptions": [{"state": "alive"}]} | subscriptions
    return OfTenant(f"tenant-{n}", healthy, {"alerts_v2": {"state": state, "lag_seconds": lag}}, shown)


def test_few_tenants_are_all_shown() -> None:
    """In the order in which they are listed, and without a summary."""
    report = status.join([part(n) for n in range(status.SHOWN, 0, -1)], World().now)
    assert list(report) == ["healthy", "at", "tenants", "subscriptions"]
    assert list(report["tenants"]) == [f"tenant-{n}" for n in range(status.SHOWN, 0, -1)]  # type: ignore[call-overload]


def test_of_many_tenants_the_worst_are_shown() -> None:
    """What fails, then what is late, then what is well but for its subscriptions; the longest lag first."""
    parts = [
        *(part(n, lag=n) for n in range(1000)),
        part(1000, "failing", healthy=False),
        part(1001, "late", 4000, healthy=False),
        part(1002, "late", 9000, healthy=False),
        part(1003, healthy=False, subscriptions=[{"state": "lost"}], silent=True, failure="why"),
        part(1004, "gone"),
    ]
    report: Any = status.join(parts, World().now)
    shown = list(report["tenants"])
    assert shown[:5] == [f"tenant-{n}" for n in (1000, 1002, 1001, 1003, 1004)]
    assert shown[5:7] == ["tenant-999", "tenant-998"]
    assert len(shown) == len(report["subscriptions"]) == status.SHOWN
    assert not report["healthy"]
    assert report["summary"] == {
        "tenants": 1005,
        "unhealthy": 4,
        "shown": status.SHOWN,
        "sources": {"alerts_v2": {"ok": 1001, "failing": 1, "late": 2, "gone": 1}},
        "subscriptions": {"alive": 1004, "lost": 1, "failing": 1, "silent": 1},
    }
