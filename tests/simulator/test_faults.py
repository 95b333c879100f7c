"""Each switch breaks what it says, and nothing else."""

import itertools

import pytest

from local.simulator.faults import ProviderFailure, Scripted, SourceFaults
from tests.simulator.client import ALL_MEMBERS, Client, data, ids
from tests.simulator.conftest import NOON

ASCENDING = "lastUpdateDateTime asc"


@pytest.fixture
def faults(full: Client) -> SourceFaults:
    """The switches of alerts_v2."""
    return full.graph.faults["alerts_v2"]


def test_the_script_is_used_up(full: Client, faults: SourceFaults) -> None:
    """The next requests to the source get these answers, then all is well; other sources do not notice."""
    faults.script = [Scripted(429, retry_after="7"), Scripted(500), Scripted(502), Scripted(reset=True), Scripted(504)]

    assert full.send("incidents").status == 200
    first = full.send("alerts_v2")
    assert (first.status, first.headers["Retry-After"]) == (429, "7")
    assert [full.send("alerts_v2").status for _ in range(2)] == [500, 502]
    with pytest.raises(ConnectionResetError):
        full.send("alerts_v2")
    assert [full.send("alerts_v2").status for _ in range(2)] == [504, 200]


def test_outage(full: Client, faults: SourceFaults) -> None:
    """Every request fails while it lasts."""
    faults.outage = 503

    assert full.refused("alerts_v2") == full.refused("alerts_v2/x") == (503, "serviceNotAvailable")


@pytest.mark.parametrize(("gone", "status"), [("404", 404), ("410", 410)])
def test_gone(full: Client, gone: str, status: int) -> None:
    """A retired source is refused."""
    full.graph.faults["alerts"].gone = gone  # type: ignore[assignment]

    assert full.send("alerts").status == status


def test_gone_but_empty(full: Client) -> None:
    """A retired source may as well answer an empty list for ever."""
    full.graph.faults["alerts"].gone = "empty"

    assert full.get("alerts", count="true", top=5)["value"] == []


def test_silent_clamp(full: Client, faults: SourceFaults) -> None:
    """A page is shorter than asked for, without a word."""
    faults.max_top = 3

    assert len(full.get("alerts_v2", top=100)["value"]) == 3


def test_partial_legacy(full: Client) -> None:
    """206 names who failed, and what they have is missing."""
    full.graph.faults["alerts"].partial = [
        ProviderFailure("Microsoft", "MCAS", 504, 10_000),
        ProviderFailure("Microsoft", "ASC", 403, 10),
    ]

    answer = full.send("alerts", top=1000, count="true")

    assert answer.status == 206
    assert answer.headers["Warning"] == '199 - "Microsoft/MCAS/504/10000", 199 - "Microsoft/ASC/403/10"'
    rows = data(answer)["value"]
    assert {"MCAS", "ASC"}.isdisjoint(row["vendorInformation"]["provider"] for row in rows)
    assert len(rows) == data(answer)["@odata.count"] == 300


@pytest.mark.parametrize("name", ["microsoftSentinel", "Microsoft Sentinel", "Azure Sentinel"])
def test_partial_alerts_v2(full: Client, faults: SourceFaults, name: str) -> None:
    """alerts_v2 lacks the product, by any of its names."""
    whole = full.get("alerts_v2", top=1000, headers=ALL_MEMBERS)["value"]
    faults.partial = [ProviderFailure("Microsoft", name)]

    rows = full.get("alerts_v2", top=1000, headers=ALL_MEMBERS)["value"]

    assert rows == [row for row in whole if row["serviceSource"] != "microsoftSentinel"]
    assert len(rows) < len(whole)


def test_poison(full: Client, faults: SourceFaults) -> None:
    """A page that would hold the record fails; its neighbours can be read."""
    order = ids(full.get("alerts_v2", top=1000)["value"])
    faults.poison = {order[10]}

    assert full.send("alerts_v2", top=10).status == 200
    assert full.send("alerts_v2", top=11).status == 500
    assert full.send("alerts_v2", top=10, skip=11).status == 200
    assert full.send(f"alerts_v2/{order[10]}").status == 500
    faults.poison_status = 504
    assert full.send("alerts_v2", top=1, skip=10).status == 504


def test_unordered(full: Client, faults: SourceFaults) -> None:
    """$orderby is ignored."""
    faults.unordered = True

    times = [row["lastUpdateDateTime"] for row in full.get("alerts_v2", orderby=ASCENDING)["value"]]

    assert times == sorted(times, reverse=True)


def test_empty_first_page(full: Client, faults: SourceFaults) -> None:
    """The first page is empty, and its link leads to all of the data."""
    whole = ids(full.get("alerts_v2", top=1000)["value"])
    faults.empty_first_page = True

    first, *others = full.pages("alerts_v2", top=150)

    assert first == []
    assert [row for page in others for row in ids(page)] == whole


def test_no_next_link(full: Client, faults: SourceFaults) -> None:
    """A full page that names no next one."""
    faults.no_next_link = True

    assert "@odata.nextLink" not in full.get("alerts_v2", top=5)


@pytest.mark.parametrize("source", ["alerts_v2", "alerts"])
def test_rows_repeat(full: Client, source: str) -> None:
    """Each page brings the rows of the page before again."""
    full.graph.faults[source].repeat_last_page = True

    first, second, *others = (ids(page) for page in full.pages(source, top=20))

    assert set(first) < set(second)
    assert len(second) == len(set(second)) == 2 * len(first)
    assert {*second, *itertools.chain(*others)} == {row.id for row in full.tenant[source].current()}


def test_pretty(full: Client, faults: SourceFaults) -> None:
    """Line breaks between tokens, the same data."""
    compact = full.send("alerts_v2")
    faults.pretty = True
    pretty = full.send("alerts_v2")

    assert b"\n" not in compact.body
    assert pretty.body.count(b"\n") > 1000
    assert data(pretty) == data(compact)


def test_scores_with_holes(full: Client) -> None:
    """A missing day, a score of -1 and an empty comparison, as they have been seen."""
    scores = full.tenant["secureScores"]
    newest = ids(full.get("secureScores")["value"])
    scores.remove(newest[1])
    scores.amend(newest[2], {"currentScore": -1.0})
    scores.amend(newest[3], {"averageComparativeScores": []})

    rows = full.get("secureScores", top=3)["value"]

    assert ids(rows) == [newest[0], newest[2], newest[3]]
    assert (rows[1]["currentScore"], rows[2]["averageComparativeScores"]) == (-1.0, [])


def test_a_poison_record_does_not_spread(client: Client) -> None:
    """Only the page that holds the record fails, wherever the record moves."""
    alerts = client.tenant["alerts_v2"]
    for minute in range(3):
        alerts.create(f"2026-11-23T11:0{minute}:00Z", id=str(minute))
    client.graph.faults["alerts_v2"].poison = {"0"}

    assert client.send("alerts_v2", top=1, orderby=ASCENDING).status == 500
    alerts.update("0", NOON)
    assert client.send("alerts_v2", top=1, orderby=ASCENDING).status == 200
