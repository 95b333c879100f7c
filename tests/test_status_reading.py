"""Status is gathered tenant by tenant: what can't be read of one hides no other."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared import instants, status_reading
from shared.export import names
from shared.settings import load
from shared.subscriptions import state as subscribed
from tests.export.world import World
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import TENANT

BROKEN, SOUND = "22222222-2222-4333-8444-555555555555", TENANT
STORAGE = "UseDevelopmentStorage=true"
REQUIRED = {"TENANT_ID": TENANT, "EXPORT_STORAGE": STORAGE, "AzureWebJobsStorage": STORAGE}
HOOKS = {"NOTIFICATION_URL": "https://a.test/n", "LIFECYCLE_URL": "https://a.test/l"}


@pytest.fixture
def world() -> World:
    """A tenant whose export has run, and beside it one with a copy of its checkpoint."""
    world = World()
    for _ in range(2):
        world.run()
        world.create()
    world.run()
    stored = world.state.read(names.checkpoint(world.source, SOUND))
    assert stored
    world.state.put(names.checkpoint(world.source, BROKEN), stored.data.replace(SOUND.encode(), BROKEN.encode()))
    return world


def read(world: World, tenants: tuple[str, ...] = (SOUND, BROKEN), more: Mapping[str, str] = {}) -> Any:
    """The status of these tenants."""
    settings = load(REQUIRED | dict(more))
    return status_reading.read(settings, world.state, tenants, [world.source], {}, world.now)


def break_it(state: MemoryBlobs, name: str, old: bytes, new: bytes) -> None:
    """Alter a blob by hand."""
    stored = state.read(name)
    assert stored
    altered = stored.data.replace(old, new)
    assert altered != stored.data
    state.put(name, altered)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"}", b""),
        (b'"lanes":', b'"lames":'),
        (b'"live":', b'"lively":'),
        (b'"first_start":"2026', b'"first_start":"the 2026'),
        (b'"watermark":"2026-11', b'"watermark":"2026-13'),
        (b'"complete_until":"2026', b'"complete_until":"\xff2026'),
        (b'"news":["2026', b'"news":["2O26'),
        (b'"source":', b'"deep":' + b"[" * 100_000 + b',"source":'),
    ],
    ids=["cut", "field", "lane", "time", "month", "bytes", "news", "deep"],
)
def test_a_damaged_checkpoint_is_told_and_hides_no_other(world: World, old: bytes, new: bytes) -> None:
    """Its source fails, with the blob's name and what to do; all others are shown as ever."""
    before = read(world)
    assert before["healthy"]
    name = names.checkpoint(world.source, BROKEN)
    break_it(world.state, name, old, new)
    report = read(world)
    assert not report["healthy"]
    assert report["tenants"][SOUND] == before["tenants"][SOUND]
    told = report["tenants"][BROKEN][world.source]
    assert told.keys() == {"state", "failure"}
    assert (told["state"], told["failure"]["reason"]) == ("failing", "data")
    assert told["failure"]["at"] == instants.to_text(world.now)
    assert f"The checkpoint {name} can't be read" in told["failure"]["message"]
    assert "restore its previous version" in told["failure"]["message"]


def test_a_damaged_checkpoint_is_seen_among_many_tenants(world: World) -> None:
    """It counts as failing in the summary, and is among the worst that are shown."""
    tenants = tuple(f"00000000-0000-4000-8000-{n:012}" for n in range(30))
    break_it(world.state, names.checkpoint(world.source, BROKEN), b"}", b"")
    report = read(world, (*tenants, SOUND, BROKEN))
    assert next(iter(report["tenants"])) == BROKEN
    assert report["summary"]["sources"] == {world.source: {"waiting": 30, "ok": 1, "failing": 1}}


@pytest.mark.parametrize("name", [subscribed.name(BROKEN), subscribed.notified_name(BROKEN)])
@pytest.mark.parametrize("data", [b"{", b"\xff", b"[]"])
def test_damaged_subscriptions_are_told_and_hide_no_other(world: World, name: str, data: bytes) -> None:
    """The tenant is not well, and the folder of the blob is named; its sources are shown all the same."""
    before = read(world, more=HOOKS)
    assert before["healthy"]
    world.state.put(name, data)
    report = read(world, more=HOOKS)
    assert not report["healthy"]
    assert report["tenants"] == before["tenants"]
    assert report["subscriptions"][SOUND] == before["subscriptions"][SOUND]
    told = report["subscriptions"][BROKEN]
    assert told.keys() == before["subscriptions"][BROKEN].keys()
    assert f"A tenant's {name.partition('/')[0]}/ blob can't be read" in told["failure"]
    assert "delete it" in told["failure"]
