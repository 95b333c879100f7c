"""Nothing is found where nothing is wrong: whatever crashed, whoever is at work, however it was exported."""

import json
from contextlib import suppress
from datetime import date

import pytest
from isal import igzip

from shared import instants
from shared.errors import AppError
from shared.export.names import blob_of
from shared.verify.blob_reading import BlobReader
from shared.verify.findings import Kind
from tests.export.test_schedules import MOMENTS
from tests.export.world import RULES, At, Killed, KilledAt, World, with_rules
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.verify.store import Store, busy, compared, profiles, scores

AT = "2026-11-23T12:00:00.1234567Z"


def test_all_that_a_world_may_hold_is_read() -> None:
    """Every blob, record and byte, and every manifest."""
    worlds = (busy(), busy("incidents"), busy("alerts"), scores(), profiles())
    for world in worlds:
        store = Store(world)
        [chain] = store.verify()
        assert (chain.findings, chain.in_progress) == ([], [])
        assert chain.manifests == chain.blobs == len(store.blobs())
        assert chain.bytes == sum(len(store.content(blob)) for blob in store.blobs())
        assert chain.records == sum(1 for _ in store.world.lines())


def test_nothing_was_exported_yet() -> None:
    """A checkpoint alone."""
    world = World()
    with suppress(Killed):
        world.run(step=KilledAt(At("before request", 1)))
    assert Store(world).findings() == []


@pytest.mark.parametrize("source", ["alerts_v2", "secureScores", "secureScoreControlProfiles"])
def test_a_worker_dies_at_any_step(source: str) -> None:
    """What it left is a run in progress; after the next run there is nothing of it."""
    since = date(2026, 11, 19) if source == "alerts_v2" else None
    for n in range(1, 400):
        world = World(source)
        for days in range(3):
            world.create(days * 86_400)
        died = False
        try:
            world.run(world.job("person", since), KilledAt(At("", n)))
        except Killed:
            died = True
        store = Store(world)
        assert store.findings() == []
        if not died:
            return
        world.clock.advance(90_000)
        world.create()
        world.clock.advance(1)
        world.run()
        assert (store.findings(), store.in_progress()) == ([], [])
    pytest.fail("the run has more steps than this")


@pytest.mark.parametrize("what", [moment for moment in MOMENTS if "before" in moment or "commit" in moment])
def test_a_look_in_the_middle_of_a_run(what: str) -> None:
    """Whenever it looks, what lies outside the chain is told apart."""
    world = World(rules=RULES)
    for ago in range(0, 40 * 3600, 9 * 3600):
        world.create(ago)

    def look(step: str) -> None:
        if step == what:
            assert Store(world).findings() == []

    world.run(world.job("person", date(2026, 11, 18)), look)
    assert Store(world).findings() == []


def test_blobs_of_days_ahead_are_in_progress() -> None:
    """Several days are read at once: those behind the first are there before the watermark is."""
    world = World()
    world.create(40 * 3600)
    with suppress(Killed):
        world.run(step=KilledAt(At("before replace", 1)))
    store = Store(world)
    assert store.blobs()
    assert store.in_progress() == store.blobs()
    assert store.findings() == []


def test_a_manifest_that_is_not_written_yet() -> None:
    """The checkpoint carries it, so that the chain is whole; its blob is verified already."""
    world = World()
    world.create(40 * 3600)
    with suppress(Killed):
        world.run(step=KilledAt(At("before create", 2)))
    store = Store(world)
    pending = world.checkpoint().manifest
    assert pending
    assert pending.name in store.in_progress()
    assert store.findings() == []
    [chain] = store.verify()
    assert chain.blobs == 1


def test_history_while_it_grows() -> None:
    """Windows of earlier days come later in the chain, also in parts, and what is new comes in between."""
    world = busy()
    with_rules(world, budget_s=0.8)
    world.graph.faults["alerts_v2"].max_top = 2
    for days in range(4, 9):
        for hours in range(0, 24, 4):
            world.create(days * 86_400 + hours * 3600)
    world.run(world.job("person", date(2026, 11, 18)))
    store, partly = Store(world), 0
    for turn in range(60):
        if turn % 5 == 0:
            world.create()
        world.clock.advance(400)
        world.deliver(1)
        partly += "history" in world.checkpoint().lanes
        assert store.findings() == []
    assert world.checkpoint().since is None
    assert partly > 1
    windows = [store.manifest(name)["window"]["start"] for name in store.chain()]
    assert windows != sorted(windows)


def test_windows_that_the_budget_cut() -> None:
    """Rows beyond a window's end went along, and are not there again."""
    world = World()
    world.graph.faults["alerts_v2"].max_top = 3
    for ago in range(0, 20 * 3600, 900):
        world.create(ago)
    with_rules(world, budget_s=0.5)
    for _ in range(60):
        world.clock.advance(70)
        world.run()
        assert Store(world).findings() == []
    assert len(Store(world).blobs()) > 4


def test_what_a_lifecycle_rule_removed() -> None:
    """Blobs before a day are not missed when that day is named, and neither are their manifests."""
    store = Store(busy())
    gone = [blob for blob in store.blobs() if "date=2026-11-21" in blob]
    manifests = [name for name in store.manifests() if "date=2026-11-21" in name]
    assert gone
    since = instants.from_date(date(2026, 11, 22))
    for blob in gone:
        store.remove(store.data, blob)
    assert len(store.findings()) == len(gone)
    assert store.findings(since) == []
    [chain] = store.verify(since)
    assert chain.blobs == len(store.blobs())
    for name in manifests:
        store.remove(store.state, name)
    assert store.findings(since) == []
    store.remove(store.data, store.blobs()[0])
    assert len(store.findings(since)) == 1


def test_a_lifecycle_rule_that_has_not_removed_all_yet() -> None:
    """Blobs before the day, whoever put them there, are not missed in the chain either."""
    store = Store(busy())
    since = instants.from_date(date(2026, 11, 22))
    for name in [name for name in store.manifests() if "date=2026-11-21" in name]:
        store.remove(store.state, name)
        assert store.findings(since) == []
    [folder] = {name.partition("/date=")[0] for name in store.blobs()}
    store.put(store.data, f"{folder}/date=2026-11-01/20261101T000000.000000Z.ndjson.gz", b"")
    assert store.findings(since) == []
    assert len(store.findings()) == 2


def test_what_a_lifecycle_rule_removed_of_a_comparison() -> None:
    """A blob of a day before, although its manifest stands between later ones."""
    store = Store(compared())
    removed = next(name for name in store.manifests() if "date=2026-11-23/reconcile-1" in name)
    for day, expected in ((24, []), (23, [(Kind.MANIFEST_MISSING, removed)])):
        store = Store(compared())
        store.remove(store.state, removed)
        store.remove(store.data, blob_of(removed))
        assert store.findings(instants.from_date(date(2026, 11, day))) == expected


def test_the_beginning_of_a_chain_without_a_checkpoint() -> None:
    """Where the last manifest that is there names another one, that one is missing, unless it was removed by plan."""
    store = Store(busy())
    since = instants.from_date(date(2026, 11, 22))
    [checkpoint] = store.state.names("checkpoints/")
    first, second = store.chain()[:2]
    store.remove(store.state, checkpoint)
    store.remove(store.state, first)
    store.remove(store.data, blob_of(first))
    unusable = (Kind.CHECKPOINT_UNUSABLE, checkpoint)
    assert "date=2026-11-21" in first
    assert store.findings(since) == [unusable]
    assert store.findings() == [unusable, (Kind.MANIFEST_MISSING, second)]


def test_manifests_before_the_day_are_still_checked() -> None:
    """Their blobs are gone by plan, their chain is not."""
    store = Store(busy())
    since = instants.from_date(date(2026, 11, 22))
    first = store.manifests()[0]
    assert "date=2026-11-21" in first
    store.edit(first, records=1)
    assert [place for _, place in store.findings(since)] == [first]


def test_half_a_surrogate_pair() -> None:
    """The fast parser refuses the line, and its neighbours are read all the same."""
    blobs = MemoryBlobs(FakeClock())
    lines = [json.dumps({"id": title, "lastUpdateDateTime": AT, "title": title}) for title in ("a", "\ud800", "b")]
    blobs.create("x.ndjson.gz", igzip.compress("\n".join([*lines, ""]).encode()))
    seen = BlobReader(blobs, "alerts_v2").read("x.ndjson.gz")
    assert (seen.records, len(set(seen.fingerprints)), seen.unreadable) == (3, 3, "")


def test_people_and_ticks_with_failures() -> None:
    """Partial windows and records that Graph can't serve are gaps, not findings."""
    world = World()
    world.graph.faults["alerts_v2"].poison = {world.create(60)}
    world.create(120)
    with suppress(AppError):
        world.run()
    assert Store(world).findings() == []
