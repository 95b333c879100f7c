"""What was exported is compared with Graph, and what is missing filled in: told in small stories."""

import json
import zlib
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import msgspec
import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from local.simulator.faults import ProviderFailure, Scripted
from shared import instants
from shared.errors import AppError, DataNotUnderstood, GraphRefused, GraphUnavailable, StorageConflict
from shared.export import jobs, names
from shared.export.checkpoint import Checkpoint, decode
from shared.export.compare import _PAGES
from shared.export.gaps import Gap, with_compared, with_gaps, with_removed
from shared.export.reconciliation import Counts, Reconciliation, Stretch
from tests.export.world import At, Killed, KilledAt, Paused, World, with_rules
from tests.simulated import TENANT

DAY_S = 86_400
SENTINEL = ProviderFailure("Microsoft", "Microsoft Sentinel", 504)


def late(world: World, count: int = 3, ago_s: float = DAY_S) -> set[tuple[str, str]]:
    """Records that Graph shows only now, although they are old."""
    ids = {world.create(ago_s + n) for n in range(count)}
    return {revision for revision in world.current() if revision[0] in ids}


def exported_world(**more: Any) -> World:
    """Two days exported, and the day before them closed."""
    world = World(**more)
    for hours in (1, 5, 20, 30, 40, 59):
        world.create(hours * 3600)
    world.run()
    return world


def finish(world: World) -> Checkpoint:
    """Let all that is on the queue be done, now and later."""
    for _ in range(200):
        world.deliver()
        if not world.jobs.messages:
            break
        world.clock.advance(20)
    assert not world.jobs.messages
    return world.checkpoint()


def filled_blobs(world: World) -> list[str]:
    return [name for name in world.data.names("") if "/reconcile-" in name]


def check_whole(world: World) -> None:
    """Everything that Graph shows is in a blob, once, and the chain proves it."""
    assert set(world.exported()) >= world.current()
    assert set(world.exported()) <= world.revisions()
    assert set(world.exported().values()) == {1}
    assert world.checkpoint().records == len(world.exported())
    world.check_chain()


def test_what_comes_days_late_is_filled_in_as_a_further_blob_of_its_day() -> None:
    """No scan reads so far back; the comparison finds it, as Graph sends it, with a manifest in the chain."""
    world = exported_world()
    found = late(world)
    world.run()
    assert not found & set(world.exported())
    world.run(world.comparison())
    assert found <= set(world.exported())
    [name] = filled_blobs(world)
    assert name == f"alerts_v2/tenant={TENANT}/date=2026-11-22/reconcile-1.ndjson.gz"
    lines = {world.records.render(ordinal) for id_, _ in found if (ordinal := world.records.find(id_)) is not None}
    assert lines <= set(world.lines())
    stored = world.state.read(f"manifests/alerts_v2/tenant={TENANT}/date=2026-11-22/reconcile-1.json")
    assert stored
    manifest = json.loads(stored.data)
    assert (manifest["records"], manifest["partial"], manifest["found_after_crash"]) == (3, [], False)
    assert {k: manifest["reconcile"][k] for k in ("days", "missing", "filled", "gaps")} == {
        "days": 1,
        "missing": 3,
        "filled": 3,
        "gaps": 0,
    }
    check_whole(world)


def test_where_nothing_is_missing_nothing_is_written() -> None:
    """A second comparison finds what the first has filled in, and so does nothing."""
    world = exported_world()
    late(world)
    world.run(world.comparison())
    before = list(world.data.names(""))
    world.run(world.comparison())
    assert list(world.data.names("")) == before
    result = world.checkpoint().reconcile
    assert (result.missing, result.filled, result.todo) == (0, 0, [])
    assert result.finished is not None


def test_more_that_comes_later_is_the_next_number() -> None:
    """Blobs are never rewritten, so each comparison that finds something adds one."""
    world = exported_world()
    for _ in range(11):
        late(world, 1, DAY_S - 1000)
        world.clock.advance(1)
        world.run(world.comparison())
    assert len(filled_blobs(world)) == 11
    check_whole(world)


def test_the_result_counts_what_was_found() -> None:
    """Seen, missing, filled, and what only blobs have: what was updated since, or deleted."""
    world = exported_world()
    record = world.create(DAY_S)
    world.run(world.comparison())
    seen = world.checkpoint().reconcile.seen
    world.records.remove(record)
    late(world, 2)
    world.run(world.comparison())
    result = world.checkpoint().reconcile
    assert (result.seen, result.missing, result.filled, result.only_in_blobs) == (seen + 1, 2, 2, 1)
    assert result.days == 3


def remove_blobs(world: World, *days: int, keep: str = "") -> None:
    """As a lifecycle rule does: the blobs of these days of November, but for the one named."""
    for name in list(world.data.names("")):
        if name != keep and any(f"/date=2026-11-{day}/" in name for day in days):
            del world.data._blobs[name]


def test_days_whose_blobs_were_removed_are_passed_over() -> None:
    """What they held would come twice: Graph is not asked for them, nothing is written, and the result counts them."""
    world = exported_world()
    world.run()
    late(world, ago_s=1.5 * DAY_S)
    before = world.checkpoint()
    remove_blobs(world, 21, 22)
    left = list(world.data.names(""))
    world.graph.faults["alerts_v2"].outage = 500
    world.run(world.comparison(back=2, to_back=1))
    assert world.checkpoint().failure is None
    assert list(world.data.names("")) == left
    after = world.checkpoint()
    result = after.reconcile
    assert (result.removed, result.days, result.seen, result.missing, result.todo) == (2, 0, 0, 0, [])
    assert result.finished is not None
    assert (after.chain, after.records) == (before.chain, before.records)


@pytest.mark.parametrize(("removed", "passed"), [(21, 1), (22, 2), (23, 2)])
def test_a_day_is_compared_only_if_all_blobs_are_there_that_may_hold_its_records(removed: int, passed: int) -> None:
    """Its own, and those of the next day; the days beside it are compared as ever."""
    world = exported_world()
    world.clock.advance(2 * DAY_S)
    world.create(60)
    world.run()
    remove_blobs(world, removed)
    late(world, 1, ago_s=1.1 * DAY_S)
    world.run(world.comparison(back=4, to_back=1))
    result = finish(world).reconcile
    assert (result.removed, result.days, result.filled) == (passed, 4 - passed, 1)


def test_one_blob_that_was_removed_is_enough() -> None:
    """Also one that a comparison had filled in: the others do not tell what it held."""
    world = exported_world()
    late(world)
    world.run(world.comparison())
    [filled] = filled_blobs(world)
    del world.data._blobs[filled]
    world.run(world.comparison())
    assert filled_blobs(world) == []
    assert world.checkpoint().reconcile.removed == 2


def gap_of_days(world: World, days: int) -> None:
    """A provider fails for so many days, and answers again; no scan reads any more what was there then."""
    world.graph.faults["alerts_v2"].partial = [SENTINEL]
    for _ in range(days):
        world.create(60)
        world.run()
        world.clock.advance(DAY_S)
    world.run()
    world.graph.faults["alerts_v2"].partial = []
    world.close_days()


def test_a_gap_in_days_that_were_removed_stays() -> None:
    """An auditor sees what will never be known; it is compared no more, and keeps no comparison from ending."""
    world = exported_world()
    gap_of_days(world, 1)
    [gap] = world.checkpoint().gaps
    remove_blobs(world, *range(20, 27))
    world.run(world.comparison())
    after = finish(world)
    assert after.gaps == [msgspec.structs.replace(gap, removed=True)]
    assert after.reconcile.todo == []
    assert after.reconcile.removed > 0
    world.close_days(10)
    world.run(world.comparison())
    assert finish(world).reconcile.removed == 0
    assert world.checkpoint().gaps == after.gaps


def test_the_rest_of_a_gap_goes_though_its_first_days_were_removed() -> None:
    """What was removed is set apart, and what can be compared is, once."""
    world = exported_world()
    gap_of_days(world, 10)
    [gap] = world.checkpoint().gaps
    remove_blobs(world, 22, 23, 24)
    world.run(world.comparison("tick", 1))
    left = finish(world).gaps
    assert left == [msgspec.structs.replace(gap, end="2026-11-25T00:00:00.0000000Z", removed=True)]
    world.run(world.comparison("tick", 1))
    assert world.checkpoint().gaps == left
    assert world.checkpoint().reconcile.days <= 2


def test_a_gap_that_was_set_apart_widens_with_no_scan() -> None:
    """A provider that fails again opens a gap of its own."""
    gaps = [Gap(provider="A/B", start="2026-11-01T00:00:00.0000000Z", end="2026-11-02T00:00:00.0000000Z", status=504)]
    start, end = (instants.from_text(at) for at in (gaps[0].start, gaps[0].end))
    [apart] = with_removed(gaps, start, end)
    assert apart == msgspec.structs.replace(gaps[0], removed=True)
    [new, same] = with_gaps([apart], {"A/B": 403}, end + 5 * instants.DAY, end + 6 * instants.DAY)
    assert (new.start, new.status, new.removed, same) == ("2026-11-07T00:00:00.0000000Z", 403, False, apart)
    [joined] = with_removed([apart, msgspec.structs.replace(new, start=apart.end)], end, end + 6 * instants.DAY)
    assert (joined.start, joined.end, joined.removed) == (apart.start, "2026-11-08T00:00:00.0000000Z", True)
    assert with_compared([joined], [], start, end + 6 * instants.DAY) == []


def test_time_runs_out_while_days_are_passed_over() -> None:
    """Each takes the lease: a job that finds very many of them goes on later, where it stopped."""
    world = exported_world()
    remove_blobs(world, 21, 22)
    world.rules = replace(world.rules, budget_s=0)
    world.run(world.comparison(back=2, to_back=1))
    assert world.checkpoint().reconcile.removed == 1
    assert finish(world).reconcile.removed == 2


def test_late_arrivals_in_blobs_of_the_next_day_are_not_missing() -> None:
    """The overlap reaches over midnight, so the keys of a day lie in the blobs of two."""
    world = exported_world()
    world.clock.advance(12 * 3600 - 600)  # ten minutes before midnight
    world.run()
    world.create(60)
    world.clock.advance(1200)
    world.run()
    world.create(1500)  # before midnight, and read by a window of the new day
    world.clock.advance(60)
    world.run()
    world.clock.advance(7200)
    world.create()
    world.clock.advance(60)
    world.run()
    world.run(world.comparison())
    assert filled_blobs(world) == []
    check_whole(world)


def test_what_a_scan_may_still_read_is_left_to_it() -> None:
    """A record in the overlap is the next scan's; were it filled in too, it would be there twice."""
    world = exported_world()
    late(world, 3, 1800)
    world.run(world.comparison())
    assert filled_blobs(world) == []
    world.run()
    check_whole(world)


def test_a_raised_overlap_reads_nothing_that_was_filled_in() -> None:
    """No scan reads behind the time from which its keys are complete."""
    world = exported_world()
    late(world, 3, 3700)
    world.run(world.comparison())
    assert len(filled_blobs(world)) == 1
    with_rules(world, overlap=1440 * instants.MINUTE)
    world.create()
    world.clock.advance(60)
    world.run()
    check_whole(world)


def test_history_that_is_still_being_filled_is_left_alone() -> None:
    """Before the first start nothing is compared."""
    world = exported_world()
    world.create(4 * DAY_S)
    world.run(world.comparison("person", back=6))
    assert filled_blobs(world) == []
    assert world.checkpoint().reconcile.seen < len(world.current())


def test_a_person_chooses_the_days() -> None:
    """Both days included, and no other."""
    world = exported_world()
    yesterday, before = late(world, 1, DAY_S), late(world, 1, 2 * DAY_S)
    world.run(world.comparison("person", back=2, to_back=2))
    assert before <= set(world.exported())
    assert not yesterday & set(world.exported())


@pytest.mark.parametrize("change", ["remove", "update"])
def test_what_graph_shows_no_more_under_the_lease_is_not_written(change: str) -> None:
    """Graph is asked once more: it counts as missing, and as not filled. A new revision is the next scan's."""
    world = exported_world()
    [(record, _)] = late(world, 1)
    leases = 0

    def meanwhile(what: str) -> None:
        nonlocal leases
        leases += what == "before lease"
        if leases == 3 and what == "before lease":  # taken in, a day compared, and now that of the late record
            world.records.remove(record) if change == "remove" else world.update(record)

    world.run(world.comparison(), meanwhile)
    result = world.checkpoint().reconcile
    assert (result.missing, result.filled) == (1, 0)
    assert filled_blobs(world) == []
    world.clock.advance(60)
    world.run()
    check_whole(world)


def test_two_comparisons_at_once_fill_in_once() -> None:
    """Who takes the lease second reads the blobs that came meanwhile."""
    world = exported_world()
    late(world)
    for n in range(1, 40):
        slow = Paused(world, world.comparison("person"), At("", n)).start()
        late(world, 1)
        world.clock.advance(61)
        with suppress(AppError):
            world.run(world.comparison())
        with suppress(AppError):
            slow.resume()
        world.clock.advance(61)
        finish(world)
        check_whole(world)


def touches(world: World) -> int:
    """How often a comparison touches the world."""
    count = 0

    def step(_: str) -> None:
        nonlocal count
        count += 1

    world.run(world.comparison(), step)
    return count


def damaged_world() -> World:
    world = exported_world()
    late(world, 3, DAY_S)
    late(world, 2, 2 * DAY_S)
    world.clock.advance(1)
    return world


TOUCHES = touches(damaged_world())


def test_killed_at_every_touch_and_run_again() -> None:
    """Whatever the crash left is finished first: nothing doubled, nothing lost, the chain whole."""
    assert TOUCHES > 50
    for n in range(1, TOUCHES + 1):
        world = damaged_world()
        job = world.comparison()
        with suppress(Killed):
            world.run(job, KilledAt(At("", n)))
        world.clock.advance(61)
        world.run(job)
        finish(world)
        check_whole(world)


def test_killed_at_every_touch_and_scanned_before_it_is_run_again() -> None:
    """A scan needs to know nothing of a comparison that died."""
    for n in range(1, TOUCHES + 1, 2):
        world = damaged_world()
        job = world.comparison()
        with suppress(Killed):
            world.run(job, KilledAt(At("", n)))
        world.clock.advance(61)
        late(world, 1)
        world.create()
        world.clock.advance(61)
        world.run()
        world.run(job)
        world.run(world.comparison())
        finish(world)
        check_whole(world)


def test_a_zombie_of_itself_finds_the_name_taken() -> None:
    """It stands still at any touch, others take over and go on, and it wakes up late."""
    for n in range(1, TOUCHES + 1):
        world = damaged_world()
        job = world.comparison()
        zombie = Paused(world, job, At("", n)).start()
        world.clock.advance(61)
        world.run(job)
        world.create()
        world.clock.advance(61)
        world.run()
        finish(world)
        with suppress(AppError):
            zombie.resume()
        world.clock.advance(61)
        world.run(job)
        finish(world)
        check_whole(world)


def test_a_zombie_that_commits_when_its_record_is_gone_leaves_no_blob_behind() -> None:
    """The name that it wrote down is closed by whoever comes next, although nothing is missing any more."""
    world = exported_world()
    [(record, _)] = late(world, 1)
    zombie = Paused(world, world.comparison(), At("before commit", 1)).start()
    world.clock.advance(61)
    world.records.remove(record)
    world.run(world.comparison())
    zombie.resume()
    assert isinstance(zombie.error, StorageConflict)
    [name] = filled_blobs(world)
    properties = world.data.properties(name)
    assert properties
    assert properties.metadata["records"] == "0"
    world.check_chain()


def test_a_blob_that_a_crash_left_is_finished_from_its_own_bytes() -> None:
    """Graph may show those records no more, and need not even answer."""
    world = exported_world()
    [(record, _)] = late(world, 1)
    with suppress(Killed):
        world.run(world.comparison(), KilledAt(At("after commit", 1)))
    assert len(filled_blobs(world)) == 1
    world.records.remove(record)
    world.clock.advance(61)
    world.graph.faults["alerts_v2"].outage = 500
    world.run(world.comparison())
    stored = world.state.read(names.reconciled_manifest("alerts_v2", TENANT, world.now - instants.DAY, 1))
    assert stored
    manifest = json.loads(stored.data)
    assert (manifest["found_after_crash"], manifest["records"], manifest["reconcile"]["filled"]) == (True, 1, 1)
    world.check_chain()
    world.graph.faults["alerts_v2"].outage = None
    world.run(world.comparison())
    check_whole(world)


@pytest.mark.parametrize("when", ["before commit", "after commit"])
def test_a_blob_that_another_comparison_left_meanwhile_comes_first(when: str) -> None:
    """Whoever takes the lease to write looks for what others were about to."""
    world = damaged_world()  # the two days that lack something are compared in turn
    slow = Paused(world, world.comparison("person", 1), At("before request", 1)).start()
    with suppress(Killed):
        world.run(world.comparison("tick", 2), KilledAt(At(when, 1)))
    world.clock.advance(61)
    slow.resume()
    assert world.checkpoint().reconcile.filling is None
    finish(world)
    world.run(world.comparison())
    check_whole(world)


def checkpoints_of_a_busy_week(*, window_last: bool = True) -> tuple[World, list[bytes]]:
    """Windows and comparisons in turns; and each checkpoint that there was before the last window."""
    world = exported_world()
    versions: list[bytes] = []

    def remember(what: str) -> None:
        if what == "after replace" and (stored := world.state.read(names.checkpoint("alerts_v2", TENANT))):
            versions.append(stored.data)

    for comparisons in (1, 0, 2, 1):
        for _ in range(comparisons):
            late(world, 1, DAY_S)
            late(world, 1, 3650)
            world.run(world.comparison(), remember)
        world.create()
        world.clock.advance(300)
        world.run(None, remember)
    if not window_last:
        late(world, 1, DAY_S)
        world.run(world.comparison())
    world.clock.advance(61)
    return world, versions[:-2]


def checkpoints_while_history_is_filled() -> tuple[World, list[bytes]]:
    """History is extended with little time, and windows come in between; each checkpoint before the last window."""
    world = exported_world()
    for hours in (60, 70, 80, 90, 100, 110):
        world.create(hours * 3600)
    versions: list[bytes] = []

    def remember(what: str) -> None:
        if what == "after replace" and (stored := world.state.read(names.checkpoint("alerts_v2", TENANT))):
            versions.append(stored.data)

    world.graph.faults["alerts_v2"].max_top = 2
    with_rules(world, budget_s=0.5)
    for since in (None, *3 * [date(2026, 11, 18)]):
        world.create()
        world.clock.advance(61)
        world.run(world.job("person", since=since), remember)
    with_rules(world, budget_s=480)
    late(world, 1)
    world.run(world.comparison(), remember)
    world.run(None, remember)
    world.create()
    world.clock.advance(61)
    world.run()
    world.clock.advance(61)
    return world, versions


OLDER_HISTORY = len(checkpoints_while_history_is_filled()[1])


def test_an_older_checkpoint_that_is_restored_finds_the_history_that_was_filled_since() -> None:
    """It lies before the first start that the older one knows, and is not read from Graph again."""
    assert OLDER_HISTORY > 15
    for version in range(OLDER_HISTORY):
        world, versions = checkpoints_while_history_is_filled()
        world.state.put(names.checkpoint("alerts_v2", TENANT), versions[version])
        world.create()
        world.clock.advance(300)
        world.run()
        world.run(world.comparison())
        finish(world)
        assert world.checkpoint().first_start == "2026-11-18T00:00:00.0000000Z"
        check_whole(world)


def test_an_older_checkpoint_whose_next_manifest_was_altered_goes_on_once_it_is_mended() -> None:
    """The job fails before it writes a chain into the checkpoint that is not there."""
    world, versions = checkpoints_of_a_busy_week()
    world.state.put(names.checkpoint("alerts_v2", TENANT), versions[0])
    next_one = names.manifest("alerts_v2", TENANT, decode(versions[0], "").lanes["live"].at())
    stored = world.state.read(next_one)
    assert stored
    world.state.put(next_one, stored.data.replace(b'"previous": "', b'"previous": "0'))
    for _ in range(2):
        with pytest.raises(DataNotUnderstood, match="chain"):
            world.run()
        world.clock.advance(61)
    world.state.put(next_one, stored.data)
    world.run()
    world.run(world.comparison())
    finish(world)
    check_whole(world)


OLDER = len(checkpoints_of_a_busy_week()[1])


def test_an_older_checkpoint_that_is_restored_finds_what_was_filled_in_since() -> None:
    """Manifests that lie there already are the chain's; and no scan reads again what they stand for."""
    assert OLDER > 15
    for version, window_last in product(range(OLDER), (True, False)):
        world, versions = checkpoints_of_a_busy_week(window_last=window_last)
        world.state.put(names.checkpoint("alerts_v2", TENANT), versions[version])
        with_rules(world, overlap=1440 * instants.MINUTE)
        world.create()
        world.clock.advance(300)
        late(world, 1, DAY_S)
        if version % 2:
            world.run()
        world.run(world.comparison())
        finish(world)
        world.run()
        check_whole(world)


@pytest.mark.parametrize("first", ["comparison", "scan with news"])
def test_an_older_checkpoint_from_the_midst_of_a_comparison_may_be_restored(first: str) -> None:
    """The blob that was about to be committed is there, and so is its manifest: the chain goes on behind it."""
    world = exported_world()
    late(world)
    versions: list[bytes] = []

    def remember(what: str) -> None:
        if what == "after replace" and (stored := world.state.read(names.checkpoint("alerts_v2", TENANT))):
            versions.append(stored.data)

    world.run(world.comparison(), remember)
    world.clock.advance(61)
    [amidst] = [version for version in versions if decode(version, "").reconcile.filling]
    world.state.put(names.checkpoint("alerts_v2", TENANT), amidst)
    late(world, 1, 2 * DAY_S)
    if first == "scan with news":
        world.create()
        world.clock.advance(61)
        world.run()
    world.run(world.comparison())
    check_whole(world)


def test_nothing_is_committed_under_a_lease_that_ran_out() -> None:
    """Between the checkpoint that tells of the blob and the blob itself, too."""
    world = exported_world()
    late(world)

    def stand_still(what: str) -> None:
        if what == "after replace" and world.checkpoint().reconcile.filling:
            world.clock.advance(61)

    with pytest.raises(StorageConflict):
        world.run(world.comparison(), stand_still)
    assert filled_blobs(world) == []
    world.run(world.comparison())
    check_whole(world)


def test_a_piece_waits_for_the_lease() -> None:
    """What was compared is not thrown away because a scan is at work."""
    world = exported_world()
    late(world)
    holders: list[Paused] = []
    tries = 0

    def scan(what: str) -> None:
        nonlocal tries
        if what == "before request" and not holders:
            holders.append(Paused(world, world.job(), At("before request", 1)).start())
        tries += bool(holders) and what == "before lease"
        if tries == 3 and what == "before lease":
            holders[0].resume()

    world.run(world.comparison(), scan)
    assert tries > 3
    assert world.checkpoint().reconcile.todo == []
    check_whole(world)


@pytest.mark.parametrize("leased", [True, False])
def test_throttled_for_long_it_comes_back_and_has_not_failed(leased: bool) -> None:  # noqa: FBT001
    """Graph said when: no failure stands in status, whether it said so while comparing or while filling in."""
    world = exported_world()
    late(world)

    def throttle(what: str) -> None:
        if what == "before request" and _leased(world) == leased:
            world.graph.faults["alerts_v2"].script = [Scripted(429, "3000")]

    job = world.comparison()
    world.run(job, throttle)
    assert world.checkpoint().failure is None
    assert world.checkpoint().reconcile.todo
    [(when, text)] = world.jobs.messages
    assert jobs.decode(text) == job
    assert (when - world.clock.now()).total_seconds() >= 59
    finish(world)
    check_whole(world)


def test_pages_before_a_fault_stay_compared() -> None:
    """Graph fails in the middle of a day: the next try begins there."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    late(world, 12)
    requests = 0

    def fail(what: str) -> None:
        nonlocal requests
        requests += what == "before request"
        world.graph.faults["alerts_v2"].outage = 500 if requests > 8 and not _leased(world) else None

    world.run(world.comparison(), fail)
    world.graph.faults["alerts_v2"].outage = None
    piece = world.checkpoint().reconcile.piece()
    assert piece
    assert piece[0] % instants.DAY
    assert world.checkpoint().failure
    world.run(world.comparison())
    check_whole(world)


@pytest.mark.parametrize("operation", ["commit", "replace", "create", "send", "stage", "put"])
def test_a_lost_answer_is_no_harm(operation: str) -> None:
    """What was done is recognised as one's own."""
    world = damaged_world()
    for _ in range(3):
        world.lose.append(operation)
        with suppress(AppError):
            world.run(world.comparison())
        world.clock.advance(61)
    world.lose.clear()
    world.run(world.comparison())
    finish(world)
    check_whole(world)


@pytest.mark.parametrize("budget_s", [0.01, 0.3])
def test_it_goes_on_where_it_stopped_within_a_day_too(budget_s: float) -> None:
    """Time for a page or two at once, or for less than one: every run gains ground, and none begins anew."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    late(world, 12)
    with_rules(world, budget_s=budget_s)
    job = world.comparison()
    world.run(job)
    left = [world.checkpoint().reconcile.piece()]
    while left[-1] and len(left) < 100:
        assert [jobs.decode(text).id for _, text in world.jobs.messages] == [job.id]
        world.clock.advance(15)
        world.deliver(1)
        left.append(world.checkpoint().reconcile.piece())
    starts = [piece[0] for piece in left if piece]
    assert len(starts) > 5
    assert starts == sorted(set(starts))
    assert any(start % instants.DAY for start in starts)
    assert world.checkpoint().reconcile.filled == 12
    check_whole(world)


def test_a_long_list_of_missing_records_becomes_several_blobs() -> None:
    """So many pages are held under the lease, and no more."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    late(world, 3 * _PAGES)
    world.run(world.comparison())
    assert len(filled_blobs(world)) > 1
    check_whole(world)


def test_it_gives_way_to_bells_and_goes_on_by_itself() -> None:
    """A mark that is left while it runs ends it at the next page; bells find the lease free all the time."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    late(world, 12)
    world.run(world.job("bell"))
    rung = 0

    def ring(what: str) -> None:
        nonlocal rung
        if what == "before request" and rung < 2:
            rung += 1
            world.run(world.job("bell"))

    world.run(world.comparison(), ring)
    result = world.checkpoint().reconcile
    assert rung == 2
    assert result.todo
    assert result.seen < 12
    finish(world)
    assert world.checkpoint().reconcile.todo == []
    check_whole(world)


def test_a_mark_that_is_left_while_it_holds_the_lease_is_answered() -> None:
    """A bell comes for it, as after a scan."""
    world = exported_world()
    late(world)

    def ring(what: str) -> None:
        if what == "before commit":
            world.run(world.job("tick"))

    world.run(world.comparison(), ring)
    assert [jobs.decode(text).asked_by for _, text in world.jobs.messages] == ["delayed bell"]
    world.create()
    world.clock.advance(60)
    finish(world)
    check_whole(world)


@pytest.mark.parametrize("asked_by", ["tick", "person"])
def test_it_waits_for_the_lease_without_failing(asked_by: Any) -> None:
    """A daily comparison comes but once, so it asks again as a person's request does."""
    world = exported_world()
    late(world)
    holder = Paused(world, world.job(), At("before request", 1)).start()
    job = world.comparison(asked_by)
    world.run(job)
    [(when, text)] = world.jobs.messages
    assert jobs.decode(text) == job
    assert (when - world.clock.now()).total_seconds() == 5
    holder.resume()
    finish(world)
    check_whole(world)


def test_it_takes_no_more_than_half_of_the_requests() -> None:
    """The other half is left to scans."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 1
    for n in range(20):
        world.create(DAY_S + n)
    world.run(world.comparison())
    world.per_minute = 20
    with_rules(world, budget_s=100_000)
    times = []

    def step(what: str) -> None:
        if what == "before request":
            times.append(world.clock.monotonic())

    world.run(world.comparison(), step)
    assert len(times) > 20
    assert all(later - earlier > 59.9 for earlier, later in zip(times, times[10:], strict=False))


def failing_for_a_day(world: World) -> None:
    """A provider fails while its records come, and nobody asks again in time."""
    world.graph.faults["alerts_v2"].partial = [SENTINEL]
    world.create(60, product="Microsoft Sentinel")
    world.create(60, product="Microsoft Defender for Identity")
    world.run()
    world.clock.advance(7200)


def test_a_providers_gap_is_filled_and_goes_once_it_answers() -> None:
    """All of it was compared without a 206 that names it."""
    world = exported_world()
    failing_for_a_day(world)
    assert [gap.provider for gap in world.checkpoint().gaps] == ["Microsoft/Microsoft Sentinel"]
    world.graph.faults["alerts_v2"].partial = []
    world.close_days()
    assert world.checkpoint().gaps != []
    world.run(world.comparison())
    assert world.checkpoint().gaps == []
    check_whole(world)


def test_a_gap_older_than_the_days_is_compared_at_every_tick() -> None:
    """A provider may come back after weeks."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days(12)
    world.graph.faults["alerts_v2"].partial = []
    world.run(world.comparison("person", back=1))
    assert world.checkpoint().gaps != []
    world.run(world.comparison())
    # What the overlap still covers waits for the scans.
    [gap] = world.checkpoint().gaps
    assert gap.start == world.checkpoint().lanes["live"].keys_from
    world.close_days(1)
    world.run(world.comparison())
    assert world.checkpoint().gaps == []
    check_whole(world)


def test_a_gap_loses_only_what_was_compared() -> None:
    """Days at its beginning or its end shorten it; one in its middle does not."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days(6)
    world.graph.faults["alerts_v2"].partial = []
    [before] = world.checkpoint().gaps
    world.run(world.comparison("person", back=3, to_back=3))
    assert world.checkpoint().gaps == [before]
    world.run(world.comparison("person", back=20, to_back=6))
    [after] = world.checkpoint().gaps
    assert (after.start, after.end) == ("2026-11-24T00:00:00.0000000Z", before.end)
    world.close_days(1)
    world.run(world.comparison("person", back=2))
    [rest] = world.checkpoint().gaps
    assert (rest.start, rest.end) == (after.start, "2026-11-29T00:00:00.0000000Z")


def test_a_partial_answer_takes_nothing_from_the_providers_gap() -> None:
    """Not even if it fails at one page of many, or only when the missing is read again."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days()
    before = world.checkpoint().gaps
    requests = 0
    world.run(world.comparison())
    assert world.checkpoint().gaps == before

    world.graph.faults["alerts_v2"].partial = []
    world.create(2 * DAY_S + 7200, product="Microsoft Defender for Identity")

    def fail_again(what: str) -> None:
        nonlocal requests
        requests += what == "before request"
        held = list(world.state.names("checkpoints/"))
        world.graph.faults["alerts_v2"].partial = [SENTINEL] if held and _leased(world) else []

    world.run(world.comparison(), fail_again)
    world.graph.faults["alerts_v2"].partial = []
    [gap] = world.checkpoint().gaps
    assert gap.start <= "2026-11-23T12:00:00.0000000Z" < gap.end
    world.run(world.comparison())
    check_whole(world)


def _leased(world: World) -> bool:
    lease = world.state.lease(names.checkpoint("alerts_v2", TENANT), 15)
    if lease:
        lease.release()
    return lease is None


def test_what_was_filled_in_tells_who_failed_when_it_was_compared() -> None:
    """The blob lacks what that provider may have had, even if it answers again by then."""
    world = exported_world()
    late(world)

    def fail(what: str) -> None:
        if what == "before request":
            world.graph.faults["alerts_v2"].partial = [] if _leased(world) else [SENTINEL]

    world.run(world.comparison(), fail)
    [name] = filled_blobs(world)
    properties = world.data.properties(name)
    assert properties
    assert properties.metadata["partial"] == "Microsoft/Microsoft Sentinel/504"
    assert world.checkpoint().gaps == []


def test_a_gap_that_was_read_back_from_metadata_is_known_by_its_name() -> None:
    """Metadata holds no comma, a Warning does: the provider that still fails is the same."""
    world = exported_world()
    comma = ProviderFailure("Contoso", "Alerts, Inc.", 504)
    world.graph.faults["alerts_v2"].partial = [comma]
    world.create()
    world.clock.advance(60)
    with suppress(Killed):
        world.run(None, KilledAt(At("after commit", 1)))
    world.clock.advance(61)
    world.graph.faults["alerts_v2"].partial = []
    world.close_days()
    [gap] = world.checkpoint().gaps
    assert gap.provider == "Contoso/Alerts; Inc."
    world.graph.faults["alerts_v2"].partial = [comma]
    world.run(world.comparison())
    assert world.checkpoint().gaps == [gap]


def test_a_gap_of_nobody_knows_whom_goes_only_where_everybody_answers() -> None:
    """A Warning header in another form may mean any provider."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days()
    world.graph.faults["alerts_v2"].partial = []
    [gap] = world.checkpoint().gaps
    start, end = instants.from_text(gap.start), instants.from_text(gap.end)
    assert with_compared([gap], {"unknown/unknown"}, start, end) == [gap]
    assert with_compared([gap], {"Microsoft/Other"}, start, end) == []
    unknown = Gap(provider="unknown/unknown", start=gap.start, end=gap.end, status=206)
    assert with_compared([unknown], {"Microsoft/Other"}, start, end) == [unknown]
    assert with_compared([unknown], set(), start, end) == []


def test_a_provider_that_never_answers_costs_a_piece_a_day() -> None:
    """Without a licence for it, a gap grows for months, and is not listed whole every day."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days(20)
    count = 0

    def step(what: str) -> None:
        nonlocal count
        count += what == "before request"

    world.run(world.comparison(), step)
    assert world.checkpoint().reconcile.todo == []
    assert count < 12


def test_an_unreadable_record_is_filled_in_once_it_can_be_read() -> None:
    """Its gap goes; as long as it cannot, the gap stays, and its neighbours are compared."""
    world = exported_world()
    bad = world.create(600)
    world.graph.faults["alerts_v2"].poison = {bad}
    world.run()
    world.close_days()
    neighbour = late(world, 1, 2 * DAY_S + 500)
    world.run(world.comparison())
    assert [gap.provider for gap in world.checkpoint().gaps] == [""]
    assert neighbour <= set(world.exported())
    world.graph.faults["alerts_v2"].poison = set()
    world.run(world.comparison())
    assert world.checkpoint().gaps == []
    check_whole(world)


def test_a_tick_that_graph_cannot_serve_stands_in_status_and_comes_again() -> None:
    """What was compared before stays compared."""
    world = exported_world()
    late(world)
    world.graph.faults["alerts_v2"].script = [Scripted(500)] * 50
    world.run(world.comparison())
    checkpoint = world.checkpoint()
    assert checkpoint.failure is not None
    assert checkpoint.failure.reason == "unavailable"
    assert len(world.jobs.messages) == 1
    world.graph.faults["alerts_v2"].script = []
    world.clock.advance(3600)
    finish(world)
    check_whole(world)


def test_a_persons_comparison_fails_where_graph_does() -> None:
    """It is retried by the host, and goes on where it stopped."""
    world = exported_world()
    late(world)
    job = world.comparison("person")
    world.graph.faults["alerts_v2"].script = [Scripted(500)] * 50
    with pytest.raises(GraphUnavailable):
        world.run(job)
    world.graph.faults["alerts_v2"].script = []
    world.run(job)
    check_whole(world)


def test_what_graph_refuses_is_not_asked_for_for_ever() -> None:
    """Days that it would refuse again keep no later request waiting."""
    world = exported_world()
    world.graph.faults["alerts_v2"].gone = "410"
    job = world.comparison("person")
    for _ in range(2):  # the host tries it again, and then keeps it as poison
        with pytest.raises(GraphRefused):
            world.run(job)
        assert world.checkpoint().reconcile.todo == []
    world.run(world.comparison())
    assert world.checkpoint().reconcile.todo == []
    assert world.jobs.messages == []


def test_a_round_that_was_given_up_has_ended() -> None:
    """Status shows when, and that something could not be compared."""
    world = exported_world()
    world.graph.faults["alerts_v2"].gone = "410"
    world.run(world.comparison())
    result = world.checkpoint().reconcile
    assert result.finished is not None
    assert (result.failed, result.todo, result.jobs) == (1, [], [])


@pytest.mark.parametrize("asked_by", ["tick", "person"])
def test_days_that_graph_refuses_keep_no_others_waiting(asked_by: Any) -> None:
    """An old gap that Graph shows no more must not end what is found of the last days."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days(6)
    world.graph.faults["alerts_v2"].partial = []
    [gap] = world.checkpoint().gaps
    found = late(world, 2, 2 * DAY_S)
    world.graph.faults["alerts_v2"].script = [Scripted(400)]
    job = world.comparison(asked_by, 20 if asked_by == "person" else 3)
    with pytest.raises(GraphRefused) if asked_by == "person" else nullcontext():
        world.run(job)
    after = finish(world)
    assert found <= set(world.exported())
    assert after.failure
    assert after.failure.reason == "refused"
    assert (after.reconcile.failed, after.reconcile.todo) == (1, [])
    if asked_by == "tick":  # the refused days are the gap's first
        assert [left.start for left in after.gaps] == [gap.start]
    world.run(job)
    assert world.checkpoint().reconcile.finished == after.reconcile.finished
    world.run(world.comparison())
    [rest] = finish(world).gaps
    assert rest.start == world.checkpoint().lanes["live"].keys_from


def damage(world: World, name: str) -> None:
    blob = world.data._blobs[name]
    blob.data = blob.data[:-20]


def archive(world: World, name: str) -> None:
    archived = HttpResponseError("This operation is not permitted on an archived blob. (BlobArchived)")
    archived.status_code = 409

    def before(operation: str, of: str) -> None:
        if operation == "chunks" and of == name:
            raise archived

    world.data.before = before


@pytest.mark.parametrize("harm", [damage, archive])
@pytest.mark.parametrize(("day", "failed"), [(22, 1), (25, 2)])
def test_a_blob_that_cannot_be_read_keeps_no_other_days_waiting(harm: Any, day: int, failed: int) -> None:
    """Of its days nothing is written, since what it holds would come twice; they are told of, and tried again."""
    world = exported_world()
    failing_for_a_day(world)
    world.close_days(3)
    world.graph.faults["alerts_v2"].partial = []
    late(world, 2, 4.3 * DAY_S)
    late(world, 2, 1.6 * DAY_S)
    late(world, 2, 0.9 * DAY_S)
    name = next(iter(world.data.names(f"alerts_v2/tenant={TENANT}/date=2026-11-{day}/")))
    harm(world, name)
    world.run(world.comparison("tick", 5))
    after = finish(world)
    assert after.failure
    assert after.failure.reason == "data"
    assert name in after.failure.message
    assert after.reconcile.todo == []
    # Its own day, and the one before where the overlap reaches into it.
    assert (after.reconcile.failed, after.reconcile.days) == (failed, 5 - failed)
    if harm is archive:
        world.data.before = None
        world.run(world.comparison("tick", 5))
        finish(world)
        check_whole(world)


def test_a_storage_that_fails_is_no_reason_to_leave_days_out() -> None:
    """The invocation fails, and the host tries it again."""
    world = exported_world()

    def before(operation: str, _: str) -> None:
        if operation == "chunks":
            raise ServiceResponseError("Connection reset")

    world.data.before = before
    with pytest.raises(ServiceResponseError):
        world.run(world.comparison())
    world.data.before = None
    assert world.checkpoint().reconcile.todo
    assert world.checkpoint().reconcile.failed == 0


def test_days_whose_blobs_come_back_meanwhile_are_not_taken_for_compared() -> None:
    """Graph was not asked for them; the next comparison does."""
    world = exported_world()
    late(world)
    whole = dict(world.data._blobs)
    remove_blobs(world, 22)
    touched: Counter[str] = Counter()

    def bring_back(what: str) -> None:
        touched[what] += 1
        if what == "before lease" and touched[what] == 2:
            world.data._blobs.update(whole)

    world.run(world.comparison(back=1, to_back=1), bring_back)
    result = finish(world).reconcile
    assert (result.removed, result.days) == (1, 0)
    world.run(world.comparison())
    check_whole(world)


@pytest.mark.parametrize("removed", [22, 23])
@pytest.mark.parametrize("operation", ["chunks", "properties", "names"])
def test_a_blob_that_is_removed_while_a_day_is_compared_doubles_nothing(operation: str, removed: int) -> None:
    """A lifecycle rule may come at any moment: what the day's blobs held is not written again."""
    for n in range(1, 30):
        world = exported_world()
        world.clock.advance(13 * 3600)
        world.create(1800)
        world.run()
        world.create(5000)  # before midnight, and read by a window of the new day
        world.clock.advance(60)
        world.create()
        world.run()
        world.close_days()
        held = set(world.exported())
        for ago in (4.9, 3.9, 2.9, 2.5):
            late(world, 1, ago * DAY_S)
        world.run(world.comparison(back=6), partial(_removing, world, removed, At(f"before {operation}", n)))
        finish(world)
        for name in filled_blobs(world):
            lines = zlib.decompress(b"".join(world.data.chunks(name)), 31).splitlines()
            found = {(record["id"], record["lastUpdateDateTime"]) for record in map(json.loads, lines)}
            assert not found & held, n


def _removing(world: World, day: int, at: At, what: str) -> None:
    if at.n > 0 and at.reached(what):
        remove_blobs(world, day)


@pytest.mark.parametrize("seconds", [2, 9, 15, 25])
def test_slow_pages_hold_the_lease_and_the_job_no_longer_than_may_be(seconds: float) -> None:
    """Scans wait while the missing is read again, and the host ends a job after ten minutes."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    for day in (1, 2):
        late(world, 60, day * DAY_S)
    world.answer_s = seconds
    began, held, longest = world.clock.monotonic(), 0.0, 0.0

    def step(what: str) -> None:
        nonlocal held, longest
        if what == "after lease":
            held = world.clock.monotonic()
        if what == "before release":
            longest = max(longest, world.clock.monotonic() - held)

    world.run(world.comparison(), step)
    assert world.clock.monotonic() - began < 600
    assert longest < 120
    for _ in range(50):
        if not world.checkpoint().reconcile.todo:
            break
        world.clock.advance(60)
        world.deliver(1)
    world.answer_s = 0.1
    finish(world)
    check_whole(world)


def test_no_piece_begins_when_time_is_up() -> None:
    """Keeping one may have taken the rest of it."""
    world = damaged_world()
    touched: Counter[str] = Counter()

    def step(what: str) -> None:
        touched[what] += 1
        if what == "after release" and touched[what] == 2:  # the request is taken in, and a piece is kept
            world.clock.advance(480)
            touched["before request"] = 0

    world.run(world.comparison(), step)
    assert touched["before request"] == 0
    assert world.checkpoint().reconcile.todo
    finish(world)
    check_whole(world)


@pytest.mark.parametrize("moment", [At("before request", 1), At("before lease", 2)])
def test_a_piece_that_two_compare_at_once_counts_once(moment: At) -> None:
    """Who comes second finds that it is no more to do."""
    alone, world = damaged_world(), damaged_world()
    alone.run(alone.comparison())
    slow = Paused(world, world.comparison("person"), replace(moment)).start()
    world.run(world.comparison())
    slow.resume()
    result, expected = finish(world).reconcile, alone.checkpoint().reconcile
    assert len(result.jobs) == 2
    for name in Counts.__struct_fields__:
        assert getattr(result, name) == getattr(expected, name), name


@pytest.mark.parametrize("requests", [2, 22, 40])
def test_many_requests_are_one_round_that_ends(requests: int) -> None:
    """Each is taken in once, however many there are, and however often its message comes again."""
    world = exported_world()
    world.graph.faults["alerts_v2"].max_top = 2
    late(world, 60)
    with_rules(world, budget_s=0.3)
    for _ in range(requests):
        world.jobs.send(jobs.encode(world.comparison("person", 1, 1)))
    world.deliver(requests)
    first = world.checkpoint().reconcile
    assert first.todo
    after = finish(world).reconcile
    assert (after.began, after.filled, len(after.jobs)) == (first.began, 60, requests)
    check_whole(world)


def test_more_requests_than_a_round_takes_in_wait_for_the_next() -> None:
    """The checkpoint stays small, and none is lost."""
    full = Reconciliation(jobs=[str(n) for n in range(1000)], todo=[Stretch(start="a", end="b")])
    assert full.full("new")
    assert not full.full("7")
    ended = msgspec.structs.replace(full, todo=[])
    assert not ended.full("new")
    assert ended.accepted("new", 0, [], tick=False).jobs == [*(str(n) for n in range(980, 1000)), "new"]


def test_while_graph_is_down_a_comparison_gives_its_place_back_soon() -> None:
    """As a scan does: the first one finds out, and those after it only look whether Graph answers again."""
    world = exported_world()
    late(world)
    world.unreachable = True
    took = []
    for job in (world.comparison(), world.comparison(), world.job()):
        began = world.clock.monotonic()
        world.run(job)
        took.append(world.clock.monotonic() - began)
    assert took[0] > 100
    assert max(took[1:]) < 60


def test_an_outage_of_days_leaves_one_comparison_on_the_queue() -> None:
    """Each tick joins the round; the last one's job carries it, and compares all once Graph answers."""
    world = exported_world()
    found = late(world)
    world.unreachable = True
    for _ in range(4):
        world.run(world.comparison())
        for _ in range(24):
            world.clock.advance(3600)
            world.deliver()
    assert len(world.jobs.messages) == 1
    world.unreachable = False
    world.clock.advance(3600)
    world.run()
    finish(world)
    assert found <= set(world.exported())
    check_whole(world)


def test_many_unreadable_records_of_a_day_read_its_blobs_once() -> None:
    """Each is a piece of its own, and the keys of the day serve them all."""
    reads = []
    for bad in (1, 15):
        world = exported_world()
        world.graph.faults["alerts_v2"].poison = {world.create(60 + n) for n in range(bad)}
        world.run()
        world.close_days(6)
        touched: Counter[str] = Counter()
        world.run(world.comparison("tick", 1), lambda what, touched=touched: touched.update([what]))  # type: ignore[misc]
        assert len(world.checkpoint().gaps) == bad
        reads.append(touched["before chunks"])
    assert reads[0] == reads[1]


def test_of_the_next_day_only_the_first_windows_are_looked_at() -> None:
    """None behind them begins to read earlier, whatever the overlap was then."""
    world = exported_world()
    for _ in range(3 * 48):
        world.create(10)
        world.clock.advance(1800)
        world.run()
    touched: Counter[str] = Counter()
    world.run(world.comparison(), lambda what: touched.update([what]))
    assert touched["before properties"] < 25
    check_whole(world)


def test_a_message_that_comes_twice_is_taken_in_once() -> None:
    """Queues deliver at least once."""
    world = exported_world()
    job = world.comparison()
    world.run(job)
    before: Reconciliation = world.checkpoint().reconcile
    world.run(job)
    assert world.checkpoint().reconcile == before
