"""Records and their revisions: what is generated, what changes, and in which order it stands."""

import itertools
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.entity_set import EntitySet, Revision
from local.simulator.history import EMPTY, Spread
from local.simulator.sources import ALERTS_V2, SOURCES
from local.simulator.tenant import Tenant, generated
from local.simulator.timeline import Timeline, Window
from local.simulator.timestamps import day_text, parse, text, ticks
from tests.simulator.client import Client, ids
from tests.simulator.conftest import NOON, TENANT, Clock


@pytest.mark.parametrize("written", ["2026-11-23T04:15:00.0000001Z", "1999-12-31T23:59:59.9999999Z"])
def test_timestamps_keep_seven_digits(written: str) -> None:
    """100 ns survive reading and writing."""
    assert text(parse(written)) == written


def test_a_naive_moment_is_refused() -> None:
    """A moment without time zone means nothing."""
    with pytest.raises(ValueError, match="time zone"):
        ticks(NOON.replace(tzinfo=None))


@given(count=st.integers(1, 200), seed=st.integers(0, 1 << 40))
def test_generated_time_never_falls(count: int, seed: int) -> None:
    """The place in time never falls with n and stays in the span, so a window can be found by bisection."""
    history = Spread(count, 1_000, 50_000, seed)
    times = [history.at(n) for n in range(count)]

    assert times == sorted(times)
    assert all(1_000 <= time < 50_000 for time in times)


def test_generated_data_has_ties() -> None:
    """Equal timestamps occur, as they do in Graph."""
    history = Spread.over(1000, "2026-10-01T00:00:00Z", NOON, seed=1)

    assert len({history.at(n) for n in range(1000)}) < 1000


moves = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 60)), max_size=25)


@given(moves=moves, low=st.integers(0, 60), span=st.integers(0, 60), offset=st.integers(0, 16), limit=st.integers(0, 8))
def test_a_timeline_is_a_sorted_list(
    moves: list[tuple[int, int]], low: int, span: int, offset: int, limit: int
) -> None:
    """Whatever moved where, a window in either order is what sorting all places would give."""
    timeline = Timeline(Spread(10, 0, 50, seed=7))
    places = {n: timeline.history.at(n) for n in range(10)}
    for n, moment in moves:
        if n in places:
            timeline.take((places[n], n))
        timeline.put((moment, n))
        places[n] = moment
    window = Window(low, low + span)
    expected = sorted((at, n) for n, at in places.items() if low <= at < low + span)

    assert timeline.count(window) == len(expected)
    assert len(timeline) == len(places)
    assert timeline.places(window, offset=offset, limit=limit) == expected[offset : offset + limit]
    expected.reverse()
    assert timeline.places(window, offset=offset, limit=limit, descending=True) == expected[offset : offset + limit]


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_seed_gives_the_same_bytes(source: str, clock: Clock) -> None:
    """Data is a function of seed and end alone."""

    def body(seed: int) -> bytes:
        tenant = generated(TENANT, end=NOON, seed=seed, alerts_v2=50, incidents=50, alerts=50)
        tenant[source].change(5, seed=9, at=NOON)
        return Client(tenant, clock).send(source, top=50).body

    assert body(1) == body(1)
    assert body(1) != body(2)


def test_superseded_revisions_stay() -> None:
    """revisions() keeps what updates and removals hide from current()."""
    alerts = EntitySet(ALERTS_V2, TENANT)
    alerts.create("2026-11-23T11:00:00Z", product="IPC", id="a")
    alerts.create("2026-11-23T11:00:00Z", product="MCAS", id="b")
    alerts.update("a", "2026-11-23T11:30:00.0000001Z")
    alerts.remove("b")

    identity, apps = "Microsoft Entra ID Protection", "Microsoft Defender for Cloud Apps"
    last = Revision("a", "2026-11-23T11:30:00.0000001Z", identity)
    assert list(alerts.current()) == [last]
    assert list(alerts.revisions()) == [
        Revision("a", "2026-11-23T11:00:00.0000000Z", identity),
        Revision("b", "2026-11-23T11:00:00.0000000Z", apps),
        last,
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_revisions_say_what_is_served(full: Client, source: str) -> None:
    """Ids and cursor values are those of the answers, to the letter."""
    full.tenant[source].change(10, seed=5, at=NOON)
    cursor = SOURCES[source].cursor

    served = {(row["id"], row[cursor]) for page in full.pages(source, top=50) for row in page}

    assert served == {(revision.id, revision.at) for revision in full.tenant[source].current()}
    superseded = {(revision.id, revision.at) for revision in full.tenant[source].revisions()} - served
    assert len(superseded) == 10


def test_a_record_grows_with_its_revisions(client: Client) -> None:
    """An update changes status and comments, keeps creation, and moves the cursor."""
    alerts = client.tenant["alerts_v2"]
    alerts.create("2026-11-23T11:00:00Z", id="a")
    before = client.get("alerts_v2/a")
    alerts.update("a", NOON, {"assignedTo": "Zoë"})
    after = client.get("alerts_v2/a")

    assert (before["status"], after["status"]) == ("new", "inProgress")
    assert (before["comments"], len(after["comments"])) == ([], 1)
    assert before["createdDateTime"] == after["createdDateTime"]
    assert after["lastUpdateDateTime"] == "2026-11-23T12:00:00.0000000Z"
    assert after["assignedTo"] == "Zoë"


def test_indistinguishable_revisions_are_refused() -> None:
    """A second revision with the same cursor could not be told from the first; change() steps aside by a tick."""
    alerts = EntitySet(ALERTS_V2, TENANT)
    alerts.create(NOON, id="a")

    with pytest.raises(ValueError, match="already"):
        alerts.update("a", NOON)
    assert alerts.change(1, seed=1, at=NOON)[0].at == "2026-11-23T12:00:00.0000001Z"


def test_unknown_records() -> None:
    """What is not there cannot be updated, and a removed record is not there."""
    alerts = EntitySet(ALERTS_V2, TENANT)
    alerts.create(NOON, id="a")
    alerts.remove("a")

    with pytest.raises(KeyError):
        alerts.update("a", NOON)
    with pytest.raises(KeyError):
        alerts.remove("b")


@pytest.mark.parametrize("record_id", ['"', "\\", "\n"])
def test_ids_fit_into_json(record_id: str) -> None:
    """An id that JSON would have to escape is refused, not served broken; nor is one given twice."""
    alerts = EntitySet(ALERTS_V2, TENANT)
    alerts.create(NOON, id="a")

    with pytest.raises(ValueError, match="escaping"):
        alerts.create(NOON, id=record_id)
    with pytest.raises(ValueError, match="exists"):
        alerts.create(NOON, id="a")


def test_a_refused_record_leaves_no_trace() -> None:
    """What could not be created is nowhere: not in the list, not by an id that it would have had."""
    alerts = EntitySet(SOURCES["alerts"], TENANT)
    alerts.create(NOON, product="ASC", id="a")

    with pytest.raises(ValueError, match="exists"):
        alerts.create(NOON, product="ASC", id="a")
    with pytest.raises(ValueError, match="no product"):
        alerts.create(NOON, product="Microsoft App Governance")
    assert len(alerts) == len(list(alerts.revisions())) == 1
    second = alerts.create(NOON, product="ASC")
    assert alerts.revision(second).product == "Microsoft Defender for Cloud"


@pytest.mark.parametrize("source", ["alerts_v2", "incidents", "alerts"])
def test_created_records_mix_with_generated_ones(full: Client, source: str) -> None:
    """A late arrival stands where its timestamp puts it, among generated records."""
    created = full.tenant[source].create("2026-11-10T00:00:00Z")

    cursor = SOURCES[source].cursor
    rows = [row for page in full.pages(source, top=50, orderby=f"{cursor} asc") for row in page]

    assert created in ids(rows)
    assert len(set(ids(rows))) == len(rows) == len(full.tenant[source])
    assert full.get(f"{source}/{created}")[cursor] == "2026-11-10T00:00:00.0000000Z"


def test_a_score_a_day(full: Client) -> None:
    """90 days, newest first, named by tenant and day, with comparisons on three bases; a new day can be added."""
    rows = full.get("secureScores")["value"]

    assert ids(rows)[:2] == [f"{TENANT}_2026-11-23", f"{TENANT}_2026-11-22"]
    assert len(rows) == 90
    assert rows[0]["createdDateTime"] == "2026-11-23T00:00:00Z"
    assert [score["basis"] for score in rows[0]["averageComparativeScores"]] == [
        "AllTenants",
        "TotalSeats",
        "IndustryTypes",
    ]
    assert full.tenant["secureScores"].create("2026-11-24T00:00:00Z") == f"{TENANT}_2026-11-24"


def test_profiles(full: Client) -> None:
    """120 controls, some of Defender for Endpoint (scid_…), each with its state."""
    rows = [row for page in full.pages("secureScoreControlProfiles") for row in page]

    assert len(set(ids(rows))) == 120
    assert any(row["id"].startswith("scid_") for row in rows)
    assert all(row["controlStateUpdates"] for row in rows)


def test_titles_are_nasty(full: Client) -> None:
    """Other alphabets, quotes, HTML and escaped line breaks occur; records themselves are one line."""
    answer = full.send("alerts_v2", top=1000)
    titles = " ".join(row["title"] for row in json.loads(answer.body)["value"])

    assert all(part in titles for part in ("<script>", '"', "\n", "不", "🔥", "%"))
    assert b"\n" not in answer.body


def test_a_million_alerts_hold_nothing() -> None:
    """A deep range of a set of a million costs a page, not a set; 4 MB is twice the page itself."""
    tenant = generated(TENANT, end=NOON, alerts_v2=1_000_000)
    client = Client(tenant, lambda: NOON)
    tenant["alerts_v2"].change(100, seed=1, at=NOON)
    tracemalloc.start()

    page = client.send(
        "alerts_v2", filter="lastUpdateDateTime ge 2026-11-05T00:00:00Z", orderby="lastUpdateDateTime asc", top=500
    )
    first = list(itertools.islice(tenant["alerts_v2"].revisions(), 10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    rows = json.loads(page.body)["value"]
    assert len(rows) == 500
    assert rows[0]["lastUpdateDateTime"].startswith("2026-11-05T00:00:0")
    assert len(first) == 10
    assert peak < 4_000_000
    assert len(tenant["alerts_v2"]) == 1_000_000


def test_an_empty_set_answers(client: Client) -> None:
    """No records is an answer, too."""
    assert Spread.over(0, NOON, NOON, 1).count == EMPTY.count == 0
    assert Tenant(TENANT)["alerts"].change(3, seed=1, at=NOON) == []
    for source in SOURCES:
        page = client.get(source, count="true", top=5)
        assert (page["value"], page["@odata.count"], page.get("@odata.nextLink")) == ([], 0, None)


def test_day_text() -> None:
    """The UTC day of ticks."""
    assert day_text(ticks("2026-11-23T23:59:59.9999999Z")) == "2026-11-23"
