"""What one job does, told in small stories."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest

from local.simulator.faults import ProviderFailure, Scripted
from shared import instants
from shared.errors import DataNotUnderstood, GraphRefused, GraphUnavailable
from shared.export import jobs, names
from shared.export.jobs import Asker
from tests.export.world import At, Killed, KilledAt, World, with_rules
from tests.simulated import TENANT


def test_the_first_run_exports_the_lookback_a_blob_a_day() -> None:
    """Thirty-one days are three here: two whole ones and today."""
    world = World()
    for hours in (1, 20, 40, 59):
        world.create(hours * 3600)
    world.create(61 * 3600)  # before the lookback's midnight
    world.run()
    assert sorted(name.rpartition("/")[2] for name in world.data.names("")) == [
        "20261121T000000.000000Z.ndjson.gz",
        "20261122T000000.000000Z.ndjson.gz",
        "20261123T000000.000000Z.ndjson.gz",
    ]
    assert sum(world.exported().values()) == 4
    world.check_chain()


def test_a_scan_without_news_leaves_its_window_open() -> None:
    """No blob, no manifest; the next news begins where the last window ended."""
    world = World()
    world.create(60)
    world.run()
    before = list(world.data.names(""))
    world.clock.advance(300)
    world.run()
    assert list(world.data.names("")) == before
    world.create()
    world.clock.advance(300)
    world.run()
    assert len(list(world.data.names(""))) == len(before) + 1
    world.check_chain()


def test_a_day_that_ends_without_news_is_closed_by_an_empty_blob() -> None:
    """Its name is taken, so that no straggler can use it."""
    world = World()
    world.run()
    world.clock.advance(86400)
    world.run()
    names = [name.rpartition("/")[2] for name in world.data.names("")]
    assert names[-1] == "20261123T000000.000000Z.ndjson.gz"
    assert not world.exported()
    world.check_chain()


def test_lines_are_the_bytes_that_graph_sent() -> None:
    """Nothing is parsed and written again; line breaks between tokens go."""
    world = World()
    record = world.create(60)
    ordinal = world.records.find(record)
    assert ordinal is not None
    world.run()
    assert list(world.lines()) == [world.records.render(ordinal)]


def test_pretty_printed_records_become_one_line() -> None:
    """A record that Graph breaks over lines is still one line of NDJSON."""
    world = World()
    world.create(60)
    world.graph.faults["alerts_v2"].pretty = True
    world.run()
    lines = list(world.lines())
    assert len(lines) == 1
    json.loads(lines[0])


def test_every_revision_is_kept() -> None:
    """The old line stays, the new one is added."""
    world = World()
    record = world.create(60)
    world.run()
    world.clock.advance(60)
    world.update(record)
    world.clock.advance(60)
    world.run()
    assert len(world.exported()) == 2
    assert set(world.exported().values()) == {1}


def test_a_failed_provider_leaves_one_gap_and_windows_of_normal_size() -> None:
    """A week of 206 with 403 for one provider: what the others sent goes on, and one gap grows."""
    world = World()
    failure = ProviderFailure("Microsoft", "Microsoft Sentinel", 403)
    world.graph.faults["alerts_v2"].partial = [failure]
    world.create(60, product="Microsoft Defender for Identity")
    world.run()
    for _ in range(7 * 24):
        world.clock.advance(3600)
        world.create(60, product="Microsoft Defender for Identity")
        world.run()
    checkpoint = world.checkpoint()
    assert [(gap.provider, gap.status) for gap in checkpoint.gaps] == [("Microsoft/Microsoft Sentinel", 403)]
    assert checkpoint.gaps[0].start == "2026-11-21T00:00:00.0000000Z"
    assert checkpoint.gaps[0].end == checkpoint.lanes["live"].watermark
    properties = world.data.properties(list(world.data.names(""))[-1])
    assert properties
    assert properties.metadata["partial"] == "Microsoft/Microsoft Sentinel/403"
    assert len(world.exported()) == 7 * 24 + 1
    world.check_chain()


def test_a_total_outage_moves_no_watermark_and_stands_in_status() -> None:
    """A tick's message is done all the same: the next tick asks again."""
    world = World()
    world.create(60)
    world.graph.faults["alerts_v2"].outage = 500
    world.run()
    checkpoint = world.checkpoint()
    assert checkpoint.lanes["live"].watermark == checkpoint.first_start
    assert checkpoint.gaps == []
    assert checkpoint.failure is not None
    assert checkpoint.failure.reason == "unavailable"
    world.graph.faults["alerts_v2"].outage = None
    world.run()
    assert len(world.exported()) == 1
    assert world.checkpoint().failure is None


def test_a_persons_request_fails_where_graph_refuses() -> None:
    """It is retried by the host, and kept by the poison queue."""
    world = World()
    world.graph.faults["alerts_v2"].outage = 500
    with pytest.raises(GraphUnavailable):
        world.run(world.job("person"))


def test_a_refused_permission_is_named() -> None:
    """The message tells the role that the identity lacks."""
    world = World()
    world.graph.faults["alerts_v2"].script = [Scripted(403)]
    with pytest.raises(GraphRefused, match=r"SecurityAlert\.Read\.All"):
        world.run(world.job("person"))
    assert "SecurityAlert.Read.All" in (world.checkpoint().failure or pytest.fail("no failure")).message


@pytest.mark.parametrize("gone", ["404", "410"])
def test_a_retired_endpoint_is_told_once(gone: str, caplog: pytest.LogCaptureFixture) -> None:
    """The legacy alerts may have gone for good: one event, and a word in status."""
    world = World("alerts")
    world.graph.faults["alerts"].gone = gone  # type: ignore[assignment]
    for _ in range(3):
        world.run()
        world.clock.advance(300)
    assert [record for record in caplog.messages if "export.gone" in record] == caplog.messages
    assert len(caplog.messages) == 1
    failure = world.checkpoint().failure
    assert failure is not None
    assert failure.reason == "gone"


def test_an_unreadable_record_is_a_named_gap_and_the_rest_goes_on() -> None:
    """One record that Graph cannot serve costs nothing but itself."""
    world = World()
    names = [world.create(600 - n) for n in range(50)]
    world.graph.faults["alerts_v2"].poison = {names[20]}
    world.run()
    assert len(world.exported()) == 49
    assert [gap.provider for gap in world.checkpoint().gaps] == [""]
    instant = dict(world.revisions())[names[20]]
    assert world.checkpoint().gaps[0].start == instant
    stored = world.state.read(list(world.state.names("manifests/"))[-1])
    assert stored
    assert json.loads(stored.data)["unreadable"] == [instant]
    world.run()
    assert len(world.checkpoint().gaps) == 1


def test_a_small_budget_cuts_the_window_and_goes_on() -> None:
    """A run always gains ground, leaves a mark, and the bell that stands for it goes on."""
    world = World()
    world.graph.faults["alerts_v2"].max_top = 5
    for n in range(100):
        world.create(36 * 3600 - n * 1000)
    with_rules(world, budget_s=0.35)
    world.run()
    runs = 1
    while world.jobs.messages:
        world.clock.advance(20)
        world.deliver(1)
        runs += 1
    assert runs > 5
    assert len(world.exported()) == 100
    assert set(world.exported().values()) == {1}
    world.check_chain()


def test_time_that_ran_out_ends_the_other_days_too() -> None:
    """Days read beside the one at the watermark are dropped, not read to their end."""
    world = World()
    world.graph.faults["alerts_v2"].max_top = 2
    for n in range(300):
        world.create(59 * 3600 - n * 700)
    with_rules(world, budget_s=2)
    world.run()
    assert world.clock.monotonic() < 4


def test_throttling_at_the_end_of_the_time_is_no_failure() -> None:
    """What was read whole is committed, and a bell goes on with the rest."""
    world = World()
    world.graph.faults["alerts_v2"].max_top = 5
    for n in range(60):
        world.create(600 - n)
    requests = iter(range(1000))

    def throttle(_: object) -> None:
        if next(requests) == 6:
            world.graph.faults["alerts_v2"].script = [Scripted(429, retry_after="3600")]

    world.graph.on_request = throttle
    with_rules(world, concurrency=1)
    world.run()
    assert 0 < len(world.exported()) < 60
    assert world.checkpoint().failure is None
    assert len(world.jobs.messages) == 1
    world.clock.advance(20)
    world.deliver()
    assert len(world.exported()) == 60
    world.check_chain()


def is_about(request: object, instant: int) -> bool:
    """Whether a request asks for that one instant alone."""
    wanted = request.query.get("$filter", "")  # type: ignore[attr-defined]
    return f"ge {instants.to_text(instant)} " in wanted and wanted.endswith(f"lt {instants.to_text(instant + 1)}")


def test_a_tie_that_heals_in_the_middle_is_not_doubled() -> None:
    """Rows that came before their instant was isolated are not written again by its second chance."""
    world = World()
    instant = world.now - 600 * instants.SECOND
    for n in range(13):
        world.records.create(instants.to_text(instant - (13 - n) * instants.SECOND))
    tie = [world.records.create(instants.to_text(instant)) for _ in range(3)]
    world.graph.faults["alerts_v2"].poison = {tie[2]}
    asked: list[object] = []

    def heal(request: object) -> None:
        if is_about(request, instant):
            asked.append(request)
            if len(asked) == 2:
                world.graph.faults["alerts_v2"].poison = set()

    world.graph.on_request = heal
    world.run()
    assert set(world.exported().values()) == {1}
    assert len(world.exported()) == 16


def test_a_throttled_second_chance_costs_no_window() -> None:
    """What was read whole is committed; the broken record stays a gap."""
    world = World()
    instant = world.now - 600 * instants.SECOND
    bad = world.records.create(instants.to_text(instant))
    for n in range(20):
        world.create(300 - n)
    world.graph.faults["alerts_v2"].poison = {bad}
    asked: list[object] = []

    def throttle(request: object) -> None:
        if is_about(request, instant):
            asked.append(request)
            if len(asked) == 2:
                world.graph.faults["alerts_v2"].script = [Scripted(429, retry_after="3600")]

    world.graph.on_request = throttle
    world.run()
    assert len(world.exported()) == 20
    assert [gap.start for gap in world.checkpoint().gaps] == [instants.to_text(instant)]


def test_many_broken_records_do_not_stop_the_export_for_ever() -> None:
    """More of them than one read gives up: each run knows those before, and gets further."""
    world = World()
    broken = {world.create(50 * 60 - n * 60) for n in range(25)}
    world.graph.faults["alerts_v2"].poison = broken
    good = world.create(60)
    for _ in range(3):
        world.run()
        world.clock.advance(300)
    assert {record for record, _ in world.exported()} == {good}
    assert len(world.checkpoint().gaps) == 25
    assert world.checkpoint().failure is None


def test_a_broken_record_that_heals_within_the_overlap_is_no_gap_any_more() -> None:
    """It is exported late, once, and its gap goes."""
    world = World()
    bad = world.create(600)
    world.create(60)
    world.graph.faults["alerts_v2"].poison = {bad}
    world.run()
    assert len(world.checkpoint().gaps) == 1
    world.graph.faults["alerts_v2"].poison = set()
    world.clock.advance(300)
    world.run()
    assert world.checkpoint().gaps == []
    assert bad in {record for record, _ in world.exported()}
    world.check_chain()


def test_a_clock_that_is_behind_loses_no_bell() -> None:
    """A delayed bell does not take itself for the bell that is still to come."""
    world = World()
    world.run()
    world.clock.advance(60)
    world.run(world.job("bell"))
    world.clock.advance(2)
    world.create()
    world.run(world.job("bell"))
    ((due, text),) = world.jobs.messages
    world.jobs.messages.clear()
    world.clock.advance((due - world.clock.now()).total_seconds() - 3)
    world.run(jobs.decode(text))
    assert world.jobs.messages


def test_a_checkpoint_that_was_put_back_goes_on() -> None:
    """As the message on a broken one advises: what lies there already is found, and its manifests stay as they are."""
    world = World()
    world.create(60)
    world.run()
    name = names.checkpoint("alerts_v2", TENANT)
    before = world.state.read(name)
    assert before
    for _ in range(2):
        world.clock.advance(300)
        world.create()
        world.clock.advance(300)
        world.run()
    world.state.put(name, before.data)
    for _ in range(3):
        world.clock.advance(70)
        world.run()
    assert set(world.exported().values()) == {1}
    world.check_chain()


def test_a_lost_checkpoint_writes_nothing_into_the_old_chain() -> None:
    """Begun anew at a later day it would fork the chain: it stops instead, and says what to restore."""
    world = World()
    for _ in range(4):
        world.create(60)
        world.run()
        world.clock.advance(24 * 3600)
    manifests = {name: world.state.read(name) for name in world.state.names("manifests/")}
    before = world.exported()
    world.state._blobs.pop(names.checkpoint("alerts_v2", TENANT))
    for _ in range(2):
        with pytest.raises(DataNotUnderstood, match="checkpoint was lost: then restore its previous version"):
            world.run()
        world.clock.advance(70)
    assert {name: world.state.read(name) for name in world.state.names("manifests/")} == manifests
    assert set(world.exported().values()) == {1}
    assert before == {key: 1 for key in world.exported() if key in before}


def test_refused_history_is_a_warning_and_harms_nothing_else() -> None:
    """Behind its retention Graph may refuse; the live export stays healthy, and nobody asks again and again."""
    world = World()
    world.create(60)
    world.run()

    def refuse(request: object) -> None:
        if "ge 2026-11-2" not in request.query.get("$filter", ""):  # type: ignore[attr-defined]
            world.graph.faults["alerts_v2"].script = [Scripted(400)]

    world.graph.on_request = refuse
    world.run(world.job("person", since=date(2026, 11, 10)))
    checkpoint = world.checkpoint()
    assert checkpoint.failure is None
    assert checkpoint.since is None
    assert "refused" in checkpoint.warnings[0]
    world.graph.on_request = None
    world.run(world.job("person", since=date(2026, 11, 15)))
    assert world.checkpoint().first_start == "2026-11-15T00:00:00.0000000Z"
    world.check_chain()


def test_since_extends_history_backwards_once() -> None:
    """Days before the first start, each filled forward; nothing is doubled where they meet."""
    world = World()
    for hours in range(1, 200, 3):
        world.create(hours * 3600)
    world.run()
    world.run(world.job("person", since=date(2026, 11, 16)))
    while world.jobs.messages:
        world.clock.advance(20)
        world.deliver(1)
    world.run(world.job("person", since=date(2026, 11, 20)))
    checkpoint = world.checkpoint()
    assert checkpoint.first_start == "2026-11-16T00:00:00.0000000Z"
    assert checkpoint.since is None
    start = instants.to_text(instants.from_datetime(datetime(2026, 11, 16, tzinfo=UTC)))
    assert set(world.exported()) == {revision for revision in world.revisions() if revision[1] >= start}
    assert set(world.exported().values()) == {1}
    world.check_chain()


def test_history_gives_way_to_a_bell() -> None:
    """A mark that is left while history is read is answered after the day at work."""
    world = World()
    for hours in range(1, 200, 3):
        world.create(hours * 3600)
    world.run()
    left: list[int] = []

    def bell(request: object) -> None:
        if not left and "ge 2026-11-20" in request.query.get("$filter", ""):  # type: ignore[attr-defined]
            left.append(1)
            world.run(world.job("bell"))

    world.clock.advance(60)
    world.create()
    world.clock.advance(1)
    world.graph.on_request = bell
    world.run(world.job("person", since=date(2026, 11, 16)))
    assert world.checkpoint().first_start == "2026-11-20T00:00:00.0000000Z"
    while world.jobs.messages:
        world.clock.advance(61)
        world.deliver(1)
    assert world.checkpoint().first_start == "2026-11-16T00:00:00.0000000Z"
    world.check_chain()


def test_when_scans_brought_news_is_remembered_once_an_hour() -> None:
    """Status compares it with notifications; a scan without news is none."""
    world = World()
    began = []
    for minutes in (0, 30, 45, 120):
        world.create(1)
        began.append(instants.to_text(world.now))
        world.run()
        world.clock.advance(minutes * 60 + 1)
        world.run()
    assert world.checkpoint().news == [began[0], began[3]]


def test_history_ends_with_the_time() -> None:
    """However far back it is wanted, a job stops; a bell goes on."""
    world = World()
    world.run()
    with_rules(world, budget_s=2)
    began = world.clock.monotonic()
    world.run(world.job("person", since=date(2026, 1, 1)))
    assert world.clock.monotonic() - began < 4
    assert "2026-01-01" < world.checkpoint().first_start < "2026-11-21"
    assert len(world.jobs.messages) == 1


@pytest.mark.parametrize("says", ["0", "2", "x"])
def test_a_found_blob_that_is_not_what_it_says_stops_the_export(says: str) -> None:
    """It was altered, or put there: nothing is exported over it, and the message names it."""
    world = World()
    world.create(60)
    with suppress(Killed):
        world.run(step=KilledAt(At("after commit", 3)))
    name = list(world.data.names(""))[-1]
    properties = world.data.properties(name)
    assert properties
    world.data._blobs[name].metadata = {**properties.metadata, "records": says}
    world.clock.advance(61)
    with pytest.raises(DataNotUnderstood, match=r"20261123T000000\.000000Z"):
        world.run()
    assert (world.checkpoint().failure or pytest.fail("no failure")).reason == "data"


def test_a_burst_of_bells_shares_few_scans() -> None:
    """A hundred bells in a second: one scan now, one at the end of the interval."""
    world = World()
    world.run()
    world.clock.advance(60)
    scans: list[object] = []
    world.graph.on_request = scans.append
    world.create(10)
    for _ in range(100):
        world.run(world.job("bell"))
    assert len(world.jobs.messages) == 1
    world.create()
    while world.jobs.messages:
        world.clock.advance(16)
        world.deliver(1)
    assert len(world.exported()) == 2
    assert len(scans) <= 8


def test_a_clock_before_the_watermark_has_nothing_to_read() -> None:
    """A machine whose clock runs behind reads nothing and breaks nothing."""
    world = World()
    world.create(60)
    world.run()
    world.clock.advance(-30)
    world.run()
    assert len(world.exported()) == 1
    world.check_chain()


@pytest.mark.parametrize("operation", ["commit", "replace", "create", "put", "send", "stage"])
def test_a_lost_answer_is_no_failure(operation: str) -> None:
    """The client sends it again and is told that it was done: that is success, not somebody else."""
    world = World()
    world.create(60)
    world.run()
    world.clock.advance(1)
    world.lose.append(operation)
    world.create(10)
    world.run(world.job("bell"))
    world.clock.advance(60)
    world.run()
    assert set(world.exported().values()) == {1}
    assert len(world.exported()) == 2
    world.check_chain()


def test_a_tenant_out_of_reach_gets_little_time_until_it_answers() -> None:
    """Only a few jobs run at once: those that found Graph unavailable must not hold their places again and again."""
    world = World()
    world.create(60)
    world.run()
    world.graph.faults["alerts_v2"].script = [Scripted(429, retry_after="25")] * 1000

    def seconds(asked_by: Asker = "tick") -> float:
        began = world.clock.monotonic()
        try:
            world.run(world.job(asked_by))
        except GraphUnavailable:
            assert asked_by == "person"
        return world.clock.monotonic() - began

    assert 50 <= seconds() < 60  # of the eight minutes that a job has
    assert 25 <= seconds() < 30
    assert 50 <= seconds("person") < 60
    world.graph.faults["alerts_v2"].script = []
    world.run()
    assert world.checkpoint().failure is None
    world.graph.faults["alerts_v2"].script = [Scripted(429, retry_after="25")] * 1000
    assert 50 <= seconds() < 60
