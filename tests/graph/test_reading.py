"""A stretch of time is read whole, whatever the list does meanwhile."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.simulator.faults import Scripted
from local.simulator.graph import Graph
from shared import instants
from shared.errors import GraphUnavailable
from shared.graph.reading import Reading, whole_list
from tests.fakes.clock import FakeClock
from tests.simulated import TENANT, graph_at, list_of

START = instants.from_text("2026-11-23T00:00:00Z")
END = START + instants.DAY
NOON = instants.to_text(START + instants.DAY // 2)


def ids(rows: list) -> list[str]:  # type: ignore[type-arg]
    return sorted(json.loads(bytes(row.raw))["id"] for row in rows)


def read(
    graph: Graph, clock: FakeClock, source: str = "alerts_v2", start: int = START, end: int = END
) -> tuple[list[str], Reading]:
    """Everything that one reading brings, as sorted ids."""
    reading = Reading(list_of(graph, clock, source), start, end)
    rows = [row for batch in reading.batches() for row in batch]
    rows += [row for batch in reading.second_chance() for row in batch]
    return ids(rows), reading


def moment(offset: int) -> str:
    """An instant of the day, from a small number: many ties, some ten ticks apart."""
    return instants.to_text(START + offset * 7)


@settings(max_examples=400, deadline=None)
@given(
    source=st.sampled_from(["alerts_v2", "incidents", "alerts"]),
    offsets=st.lists(st.integers(0, 12), max_size=25),
    products=st.lists(
        st.sampled_from(["Microsoft Defender for Cloud", "Microsoft Sentinel", "Microsoft Defender for Identity"]),
        min_size=25,
        max_size=25,
    ),
    clamp=st.one_of(st.none(), st.integers(1, 4)),
    switches=st.sets(st.sampled_from(["unordered", "empty_first_page", "repeat_last_page", "pretty"])),
)
def test_a_quiet_list_is_read_whole_and_once(
    source: str, offsets: list[int], products: list[str], clamp: int | None, switches: set[str]
) -> None:
    """Whatever the page size, ties, order and oddities of the server: every row comes out exactly once."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT][source]
    for number, offset in enumerate(offsets):
        records.create(moment(offset), product=products[number] if source != "incidents" else None)
    graph.faults[source].max_top = clamp
    for switch in switches:
        setattr(graph.faults[source], switch, True)
    found, reading = read(graph, clock, source)
    assert found == sorted(revision.id for revision in records.current())
    assert reading.whole_before == END


@settings(max_examples=400, deadline=None)
@given(
    source=st.sampled_from(["alerts_v2", "alerts"]),
    offsets=st.lists(st.integers(0, 12), min_size=1, max_size=25),
    clamp=st.integers(1, 4),
    moves=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 24)), max_size=6),
)
def test_rows_that_move_up_are_not_skipped(
    source: str, offsets: list[int], clamp: int, moves: list[tuple[int, int]]
) -> None:
    """A record updated between two pages leaves its place; the rows behind it move up, and are still all read."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT][source]
    for offset in offsets:
        records.create(moment(offset))
    first = [revision.id for revision in records.current()]
    graph.faults[source].max_top = clamp
    when: dict[int, list[tuple[int, str]]] = {}
    for number, (request, victim) in enumerate(moves):
        when.setdefault(request, []).append((victim, instants.to_text(END + number)))
    requests = iter(range(10_000))
    moved = set()

    def move(_: object) -> None:
        for victim, to in when.get(next(requests), []):
            record = first[victim % len(first)]
            if record not in moved:
                moved.add(record)
                records.update(record, to)

    graph.on_request = move
    found, _ = read(graph, clock, source)
    assert len(found) == len(set(found))
    assert set(found) >= {id_ for id_ in first if id_ not in moved}


def test_a_tie_wider_than_a_page_is_read_by_the_next_links() -> None:
    """Time does not part rows of one timestamp; Graph's own links do."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    for _ in range(2500):
        records.create(NOON)
    records.create(instants.to_text(START + 5))
    records.create(instants.to_text(END - 5))
    found, _ = read(graph, clock)
    assert len(found) == len(set(found)) == 2502


def test_a_server_without_next_links_and_with_pages_of_one_row_is_read() -> None:
    """Reported of alerts_v2: ``$top=1`` and no nextLink (learn Q&A 1611210)."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    for offset in range(5):
        records.create(moment(offset))
    graph.faults["alerts_v2"].max_top = 1
    graph.faults["alerts_v2"].no_next_link = True
    found, _ = read(graph, clock)
    assert len(found) == 5


def test_a_provider_with_few_rows_does_not_hide_another_ones() -> None:
    """Legacy ``$top`` counts per provider: a page that ends late for one may end early for another."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts"]
    for offset in range(30):
        records.create(moment(100 + offset), product="Microsoft Sentinel")
    for offset in range(3):
        records.create(moment(offset), product="Microsoft Defender for Cloud")
    records.create(moment(500), product="Microsoft Defender for Cloud")
    graph.faults["alerts"].max_top = 10
    found, _ = read(graph, clock, "alerts")
    assert len(found) == len(set(found)) == 34


def test_a_tie_of_one_provider_is_not_left_because_another_one_goes_on() -> None:
    """Its rows at that instant may stand behind the page's edge."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts"]
    for _ in range(5):
        records.create(moment(50), product="Microsoft Sentinel")
    for offset in range(51, 60):
        records.create(moment(offset), product="Microsoft Defender for Cloud")
    graph.faults["alerts"].max_top = 2
    found, _ = read(graph, clock, "alerts")
    assert len(found) == len(set(found)) == 14


@pytest.mark.parametrize("position", [0, 1, 17, 39])
def test_one_unreadable_record_is_named_and_its_neighbours_are_read(position: int) -> None:
    """The page is made smaller, then the time is halved, until only the record's own instant fails."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(instants.to_text(START + (position * 0 + n) * instants.MINUTE)) for n in range(40)]
    graph.faults["alerts_v2"].poison = {names[position]}
    found, reading = read(graph, clock)
    assert found == sorted(set(names) - {names[position]})
    assert reading.unreadable == [START + position * instants.MINUTE]


def test_a_record_that_can_be_read_after_its_neighbours_is_no_gap() -> None:
    """What fails is tried once more at the end."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(moment(n)) for n in range(10)]
    graph.faults["alerts_v2"].poison = {names[4]}
    reading = Reading(list_of(graph, clock, "alerts_v2"), START, END)
    rows = [row for batch in reading.batches() for row in batch]
    assert len(reading.unreadable) == 1
    graph.faults["alerts_v2"].poison = set()
    rows += [row for batch in reading.second_chance() for row in batch]
    assert ids(rows) == sorted(names)
    assert reading.unreadable == []


def test_a_tie_that_is_given_a_second_chance_is_read_whole() -> None:
    """It may be wider than a page, and only a part of it broken."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    tie = [records.create(NOON) for _ in range(3)]
    graph.faults["alerts_v2"].max_top = 2
    graph.faults["alerts_v2"].poison = set(tie)
    reading = Reading(list_of(graph, clock, "alerts_v2"), START, END)
    rows = [row for batch in reading.batches() for row in batch]
    assert reading.unreadable == [instants.from_text(NOON)]
    graph.faults["alerts_v2"].poison = set()
    rows += [row for batch in reading.second_chance() for row in batch]
    assert ids(rows) == sorted(tie)
    assert reading.unreadable == []


def test_a_page_made_smaller_does_not_cut_a_tie() -> None:
    """Where the server names no next page, a small page full of one timestamp tells nothing."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    tie = [records.create(NOON) for _ in range(40)]
    graph.faults["alerts_v2"].no_next_link = True
    graph.faults["alerts_v2"].script = [Scripted(500)] * 3

    def trouble(request: object) -> None:
        if request.query["$top"] in ("250", "62"):  # type: ignore[attr-defined]
            graph.faults["alerts_v2"].script = [Scripted(504)]

    graph.on_request = trouble
    found, _ = read(graph, clock)
    assert found == sorted(tie)


def test_what_is_known_to_be_broken_is_read_around() -> None:
    """It is asked for once at the end, and costs no search."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(instants.to_text(START + n * instants.MINUTE)) for n in range(10)]
    graph.faults["alerts_v2"].poison = {names[4]}
    requests: list[object] = []
    graph.on_request = requests.append
    bad = START + 4 * instants.MINUTE
    reading = Reading(list_of(graph, clock, "alerts_v2"), START, END, [bad])
    rows = [row for batch in reading.batches() for row in batch]
    rows += [row for batch in reading.second_chance() for row in batch]
    assert ids(rows) == sorted(set(names) - {names[4]})
    assert reading.unreadable == [bad]
    assert len(requests) < 10


def test_a_broken_record_at_the_very_end_is_not_taken_for_an_outage() -> None:
    """Whether Graph is alive is asked beyond what is read."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    bad = records.create(instants.to_text(END - 1))
    good = records.create(NOON)
    graph.faults["alerts_v2"].poison = {bad}
    found, reading = read(graph, clock)
    assert found == [good]
    assert reading.unreadable == [END - 1]


def test_pages_that_are_too_much_for_graph_are_made_smaller() -> None:
    """504 for large pages only: everything is read, nothing is given up."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(moment(n)) for n in range(60)]

    def too_much(request: object) -> None:
        if int(request.query.get("$top", "0")) > 100:  # type: ignore[attr-defined]
            graph.faults["alerts_v2"].script = [Scripted(504)]

    graph.on_request = too_much
    found, reading = read(graph, clock)
    assert found == sorted(names)
    assert reading.unreadable == []


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_outage_isolates_nothing(status: int) -> None:
    """Where not even an empty stretch is answered, no record is to blame, and little is asked."""
    clock = FakeClock()
    graph = graph_at(clock)
    graph.tenants[TENANT]["alerts_v2"].create(NOON)
    graph.faults["alerts_v2"].outage = status
    requests: list[object] = []
    graph.on_request = requests.append
    reading = Reading(list_of(graph, clock, "alerts_v2"), START, END)
    with pytest.raises(GraphUnavailable):
        list(reading.batches())
    assert reading.whole_before == START
    assert reading.unreadable == []
    assert len(requests) < 10


def test_an_outage_that_begins_while_a_record_is_isolated_is_an_outage() -> None:
    """Isolating asks again and again whether Graph is alive."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(instants.to_text(START + n * instants.MINUTE)) for n in range(40)]
    graph.faults["alerts_v2"].poison = {names[20]}
    count = iter(range(10_000))

    def outage(_: object) -> None:
        if next(count) == 40:
            graph.faults["alerts_v2"].outage = 500

    graph.on_request = outage
    with pytest.raises(GraphUnavailable):
        read(graph, clock)


def test_rows_outside_the_asked_time_are_left_to_their_own_window() -> None:
    """A server that does not keep to the filter cannot make a record land in two windows."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    names = [records.create(moment(n)) for n in range(10)]
    found, _ = read(graph, clock, start=START + 3 * 7, end=START + 6 * 7)
    assert found == sorted(names[3:6])


def test_a_next_link_that_names_itself_ends_the_read() -> None:
    """A circle of links is an answer that makes no sense, not an endless read."""
    pages = list_of(graph_at(FakeClock()), FakeClock(), "secureScores")
    from shared.graph.pages import Page

    def circle(_: str) -> Page:
        return Page([], "https://graph.test/again", {})

    with pytest.raises(GraphUnavailable, match="again and again"):
        whole_list(lambda: circle(""), circle)
    assert pages.page_size == 90


def test_requests_are_few() -> None:
    """Reading by time costs one request a page, and one to know that nothing is left."""
    clock = FakeClock()
    graph = graph_at(clock)
    records = graph.tenants[TENANT]["alerts_v2"]
    for n in range(5000):
        records.create(instants.to_text(START + n * instants.SECOND))
    requests: list[object] = []
    graph.on_request = requests.append
    found, _ = read(graph, clock)
    assert len(found) == 5000
    assert len(requests) <= 7
    assert timedelta(seconds=clock.monotonic()) < timedelta(minutes=1)
