"""How a list goes on: nextLinks, and what slips over the page's edge."""

import pytest

from local.simulator.query import read_token, write_token
from local.simulator.sources import ALERTS, ALERTS_V2, SOURCES
from local.simulator.wire import Request
from tests.simulator.client import Client, data, ids
from tests.simulator.conftest import NOON, Clock

ASCENDING = "lastUpdateDateTime asc"


def test_pages_join_to_the_whole_list(full: Client) -> None:
    """While nothing moves, the pages are the list, in order, each row once."""
    whole = ids(full.get("alerts_v2", top=1000, orderby=ASCENDING)["value"])

    pages = list(full.pages("alerts_v2", top=33, orderby=ASCENDING))

    assert [len(page) for page in pages] == [33, 33, 33, 33, 33, 33, 2]
    assert [row for page in pages for row in ids(page)] == whole
    assert len(set(whole)) == 200


def test_the_link_keeps_the_question(full: Client) -> None:
    """nextLink is a whole URL with the options of the first request, $skip excepted."""
    link = full.get(
        "alerts_v2", top=2, skip=1, filter="severity eq 'high'", count="true", orderby="lastUpdateDateTime desc"
    )["@odata.nextLink"]

    assert link.startswith(
        "http://graph.test/v1.0/security/alerts_v2?$top=2&$filter=severity%20eq%20%27high%27&$count=true"
    )
    assert "$skip=" not in link
    assert all(row["severity"] == "high" for row in data(full.follow(link))["value"])


def test_a_row_slips_when_another_leaves_its_place(client: Client) -> None:
    """A skip token is a position in the present order: an update behind the reader hides a row from it."""
    alerts = client.tenant["alerts_v2"]
    for minute in range(4):
        alerts.create(f"2026-11-23T11:0{minute}:00Z", id=str(minute))
    first = client.get("alerts_v2", top=2, orderby=ASCENDING)

    alerts.update("0", NOON)
    second = data(client.follow(first["@odata.nextLink"]))

    assert (ids(first["value"]), ids(second["value"])) == (["0", "1"], ["3", "0"])  # "2" slipped


def test_the_hook_changes_records_between_pages(client: Client) -> None:
    """on_request is called before each answer, so a test can change the list while it is read."""
    seen = []

    def create_another(request: Request) -> None:
        seen.append(request.path)
        client.tenant["alerts_v2"].create(NOON)

    client.graph.on_request = create_another

    assert len(client.get("alerts_v2")["value"]) == 1
    assert len(client.get("alerts_v2")["value"]) == 2
    assert seen == ["/v1.0/security/alerts_v2"] * 2


@pytest.mark.parametrize("damage", ["x", "AAAA", "é", write_token((5,), ALERTS), write_token((1, 2), ALERTS_V2)])
def test_a_foreign_token_is_refused(full: Client, damage: str) -> None:
    """A skip token that is garbled, or another source's, is a 400."""
    assert full.refused("alerts_v2", skiptoken=damage) == (400, "")


@pytest.mark.parametrize("source", SOURCES)
def test_tokens_are_read_back(source: str) -> None:
    """A token holds one offset a part."""
    offsets = (0, 12, 1_000_000)
    assert read_token(write_token(offsets, SOURCES[source]), SOURCES[source], 3) == offsets


def test_a_cached_page_is_dropped_when_the_set_changes(full: Client, clock: Clock) -> None:
    """The cache serves the same bytes, but never of a set that has changed since."""
    cached = Client(full.tenant, clock, cache_pages=2)
    before = cached.send("alerts_v2", top=2).body

    assert cached.send("alerts_v2", top=2).body is before
    full.tenant["alerts_v2"].create(NOON)
    assert cached.send("alerts_v2", top=2).body != before
