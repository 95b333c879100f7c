"""The query options that Graph takes, and those that it refuses."""

import json

import pytest

from tests.simulator.client import Client, ids
from tests.simulator.conftest import NOON


@pytest.fixture
def five(client: Client) -> Client:
    """Five alerts a minute apart, the oldest called 0; two of one product."""
    products = ["IPC", "MCAS", "IPC", "ASC", "Azure Sentinel"]
    for minute, product in enumerate(products):
        client.tenant["alerts_v2"].create(f"2026-11-23T11:0{minute}:00.0000001Z", product=product, id=str(minute))
    return client


def test_newest_first_by_default(five: Client) -> None:
    """The most recent alerts are at the top of the list."""
    assert ids(five.get("alerts_v2")["value"]) == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("orderby", "expected"),
    [
        ("lastUpdateDateTime", "01234"),
        ("lastUpdateDateTime asc", "01234"),
        ("lastUpdateDateTime desc", "43210"),
    ],
)
def test_orderby_takes_the_cursor(five: Client, orderby: str, expected: str) -> None:
    """$orderby takes the cursor, ascending when nothing else is said."""
    assert "".join(ids(five.get("alerts_v2", orderby=orderby)["value"])) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("lastUpdateDateTime ge 2026-11-23T11:02:00.0000001Z", "234"),
        ("lastUpdateDateTime gt 2026-11-23T11:02:00.0000001Z", "34"),
        ("lastUpdateDateTime le 2026-11-23T11:02:00.0000001Z", "012"),
        ("lastUpdateDateTime lt 2026-11-23T11:02:00.0000001Z", "01"),
        ("lastUpdateDateTime eq 2026-11-23T11:02:00.0000001Z", "2"),
        ("lastUpdateDateTime ge 2026-11-23T11:02:00Z", "234"),
        ("lastUpdateDateTime ge 2026-11-23T12:02:00.0000001+01:00", "234"),
        ("lastUpdateDateTime ge 2026-11-23T11:01:00Z and lastUpdateDateTime lt 2026-11-23T11:03:00Z", "12"),
        ("lastUpdateDateTime ge 2026-11-23T11:03:00Z and lastUpdateDateTime lt 2026-11-23T11:01:00Z", ""),
        ("serviceSource eq 'azureAdIdentityProtection'", "02"),
        ("serviceSource eq 'microsoftSentinel' and lastUpdateDateTime ge 2026-11-23T11:00:00Z", "4"),
        ("createdDateTime lt 2026-11-23T12:00:00Z and status eq 'new'", "01234"),
        ("assignedTo eq 'it''s nobody and no one'", ""),
    ],
)
def test_filter_compares_documented_fields(five: Client, condition: str, expected: str) -> None:
    """Comparisons joined by "and", exact to 100 ns; texts in quotes, timestamps without."""
    page = five.get("alerts_v2", filter=condition, orderby="lastUpdateDateTime asc", count="true")

    assert "".join(ids(page["value"])) == expected
    assert page["@odata.count"] == len(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "investigationState eq 'running'"},
        {"filter": "lastUpdateDateTime ge '2026-11-23T11:00:00Z'"},
        {"filter": "lastUpdateDateTime ge 2026-11-23"},
        {"filter": "lastUpdateDateTime ge 2026-11-23T11:00:00.00000001Z"},
        {"filter": "lastUpdateDateTime ge 2026-11-23T11:00:00 01:00"},
        {"filter": "status eq new"},
        {"filter": "status ne 'new'"},
        {"filter": "status eq 'new' or status eq 'resolved'"},
        {"filter": "status eq 'new' and"},
        {"filter": "status eq 'new"},
        {"filter": ""},
        {"orderby": "severity"},
        {"orderby": "lastUpdateDateTime upwards"},
        {"top": "-1"},
        {"top": "many"},
        {"skip": "501"},
        {"count": "yes"},
        {"search": "x"},
        {"skiptoken": "garbled"},
        {"skiptoken": "AAAA"},
    ],
    ids=str,
)
def test_anything_else_is_refused(five: Client, options: dict[str, str]) -> None:
    """What Graph does not document is a 400 with an empty code, never a guess."""
    assert five.refused("alerts_v2", **options) == (400, "")


def test_incidents_refuse_more_than_50(full: Client) -> None:
    """The 400 has the very words that wazuh/wazuh#28070 quotes."""
    answer = full.send("incidents", top=100)

    assert answer.status == 400
    error = json.loads(answer.body)["error"]
    assert (error["code"], error["details"], error["message"]) == (
        "",
        [],
        "The query specified in the URI is not valid. The limit of '50' for Top query has been exceeded. "
        "The value from the incoming request is '100'.",
    )


def test_alerts_v2_clamp_top_at_1000(client: Client) -> None:
    """$top above 1000 is cut without a word (elastic/integrations#20234)."""
    for _ in range(1001):
        client.tenant["alerts_v2"].create(NOON)

    page = client.get("alerts_v2", top=2000)

    assert len(page["value"]) == 1000
    assert "@odata.nextLink" in page


def test_legacy_alerts_refuse_more_than_1000(full: Client) -> None:
    """ "$top has a limit of 1000 alerts"."""
    assert full.refused("alerts", top=1001) == (400, "")


def test_skip_up_to_500(full: Client) -> None:
    """$skip=500 is taken, and a record further is the next one."""
    everything = ids(full.get("alerts_v2", top=1000)["value"])

    assert ids(full.get("alerts_v2", skip=7, top=2)["value"]) == everything[7:9]
    assert full.get("alerts_v2", skip=500)["value"] == []


def test_top_zero_is_empty_and_ends(full: Client) -> None:
    """A page of nothing does not link to itself for ever."""
    page = full.get("alerts_v2", top=0)

    assert page["value"] == []
    assert "@odata.nextLink" not in page
