"""Alarms and the workbook ask for events and fields that the app tells, and ring for what they should."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from shared.events import FIELDS, Event, emit
from shared.graph.sources import DAILY
from tests.infra.deployed import INFRA, SETS, TENANT, deployed

HOURS: Final = {"PT5M": 1 / 12, "PT15M": 0.25, "PT30M": 0.5, "PT1H": 1, "PT3H": 3, "PT6H": 6, "P1D": 24, "P2D": 48}
"""Windows and frequencies that Azure Monitor takes, as far as they are used here, in hours."""

ALWAYS: Final = {
    "alarm-silent": {Event.FINISHED},
    "alarm-silent-daily": {Event.FINISHED},
    "alarm-lag": {Event.FINISHED},
    "alarm-failed": {Event.FAILED, Event.GONE},
    "alarm-gaps": {Event.FINISHED},
    "alarm-poisoned": {Event.POISONED},
    "alarm-score-dropped": {Event.SCORE},
    "alarm-views-failed": {Event.NOT_REPORTED, Event.UNPUBLISHED},
}
FOR_WEBHOOKS: Final = {
    "alarm-subscription-lost": {Event.CHECKED},
    "alarm-subscriptions-unmaintained": {Event.CHECKED, Event.UNMAINTAINED, Event.FINISHED, Event.FAILED},
}
FOR_UPDATES: Final = {"alarm-updates-unaudited": {Event.UNAUDITED}}
"""The alarms, and the events that each listens for."""


def criterion(name: str, alarm: str) -> dict[str, Any]:
    """What an alarm rings for."""
    [one] = deployed(name).alarms[alarm].properties["criteria"]["allOf"]
    assert isinstance(one, dict)
    return one


def query(name: str, alarm: str) -> str:
    """The query of an alarm."""
    return str(criterion(name, alarm)["query"])


def workbook(name: str = "defaults") -> dict[str, Any]:
    """The workbook, as its resource holds it."""
    text = deployed(name).one("Microsoft.Insights/workbooks").properties["serializedData"]
    content: dict[str, Any] = json.loads(text)
    return content


def queries() -> Iterator[tuple[str, str]]:
    """All queries, of alarms and of the workbook, by name."""
    for name in SETS:
        for alarm in deployed(name).alarms:
            yield f"{name} {alarm}", query(name, alarm)
    for item in workbook()["items"]:
        if item["type"] == 3:
            yield f"workbook {item['name']}", item["content"]["query"]


def events(text: str) -> set[str]:
    """The events that a query asks for."""
    found = set(re.findall(r'\be\.event == "([^"]*)"', text))
    for listed in re.findall(r"tostring\(e\.event\) in \(([^)]*)\)", text):
        found |= set(re.findall(r'"([^"]*)"', listed))
    return found


QUERIES: Final = dict(queries())


@pytest.mark.parametrize("name", SETS)
def test_the_alarms_are_these(name: str) -> None:
    """One for each way in which the export stops working; those of subscriptions and updates where these are on."""
    expected = ALWAYS | ({} if name == "private" else FOR_WEBHOOKS) | (FOR_UPDATES if name == "everything" else {})
    assert {alarm: events(query(name, alarm)) for alarm in deployed(name).alarms} == expected


def test_every_error_rings(caplog: pytest.LogCaptureFixture) -> None:
    """An event of that level asks an operator to act, so an alarm listens for it."""
    for event in Event:
        emit(event, **dict.fromkeys(FIELDS[event]))
    errors = {json.loads(one.getMessage())["event"] for one in caplog.records if one.levelno >= logging.ERROR}
    heard = set().union(*(ALWAYS | FOR_WEBHOOKS | FOR_UPDATES).values())
    assert errors
    assert errors <= heard


@pytest.mark.parametrize("where", QUERIES)
def test_a_query_asks_for_what_the_app_tells(where: str) -> None:
    """Each event exists, and each field is one of the events': else the query finds nothing, and says nothing."""
    text = QUERIES[where]
    asked = {Event(name) for name in events(text)}
    assert asked
    fields = set(re.findall(r"\be\.(\w+)", text)) - {"event"}
    assert fields - {field for event in asked for field in FIELDS[event]} == set()
    # Nothing but `e` is read from the message, and so nothing gets past the check above.
    assert len(re.findall(r"parse_json\(Message\)", text)) == text.count("extend e = parse_json(Message)") == 1
    assert not re.search(r"\be\[", text)


@pytest.mark.parametrize("where", QUERIES)
def test_a_query_is_whole(where: str) -> None:
    """Brackets and quotes are balanced, it reads the table of traces, and each step of it says something."""
    text = re.sub(r"//.*", "", QUERIES[where])
    bare = re.sub(r'"[^"\n]*"', '""', text)
    assert bare.count('"') % 2 == 0
    open_ = []
    for sign in re.findall(r"[()\[\]{}]", bare):
        if sign in "([{":
            open_.append(sign)
        else:
            assert open_
            assert open_.pop() + sign in ("()", "[]", "{}")
    assert open_ == []
    assert re.search(r"^AppTraces$|^    AppTraces$|\(AppTraces ", text, re.MULTILINE)
    *lets, pipeline = text.split(";")
    assert all(re.fullmatch(r"\s*let \w+ = \S.*", each, re.DOTALL) for each in lets)
    assert all(step.strip() for step in pipeline.split("|"))


@pytest.mark.parametrize("name", SETS)
def test_every_let_is_used_and_no_name_is_left_over(name: str) -> None:
    """What the deployment puts before a query is what the query takes."""
    for alarm in deployed(name).alarms:
        text = re.sub(r"//.*", "", query(name, alarm))
        made = re.findall(r"^let (\w+) =", text, re.MULTILINE)
        assert len(made) == len(set(made))
        assert all(len(re.findall(rf"\b{each}\b", text)) >= 2 for each in made), alarm
        taken = {each for each in ("limit", "expected", "eachTenant", "born") if re.search(rf"\b{each}\b", text)}
        assert taken == set(made), alarm


@pytest.mark.parametrize("name", SETS)
def test_an_alarm_is_heard(name: str) -> None:
    """It looks at the workspace, tells the action group, ends by itself, and overlooks nothing between two looks."""
    [group] = deployed(name).of("Microsoft.Insights/actionGroups")
    workspace = deployed(name).one("Microsoft.OperationalInsights/workspaces")
    for rule in deployed(name).alarms.values():
        said = rule.properties
        assert (said["enabled"], said["autoMitigate"], said["skipQueryValidation"]) == (True, True, True)
        assert (said["scopes"], said["actions"]) == ([workspace.id], {"actionGroups": [group.id]})
        assert HOURS[said["evaluationFrequency"]] <= 1
        assert HOURS[said["evaluationFrequency"]] <= HOURS[said["windowSize"]]
        assert 0 <= said["severity"] <= 3
    titles = {rule.properties["displayName"] for rule in deployed(name).alarms.values()}
    assert len(titles) == len(deployed(name).alarms)


@pytest.mark.parametrize("name", SETS)
def test_an_alarm_rings_for_each_row(name: str) -> None:
    """A row is enough, and each source, tenant, queue or resource named in the query's last step has its own alarm."""
    for alarm in deployed(name).alarms:
        rings = criterion(name, alarm)
        assert (rings["timeAggregation"], rings["operator"], rings["threshold"]) == ("Count", "GreaterThan", 0)
        # With one period the query needs no column of time; with more, rows that stand for absence would not count.
        assert rings["failingPeriods"] == {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
        *_, last = rings["query"].strip().splitlines()
        columns = {column.partition("=")[0].strip() for column in last.removeprefix("| project ").split(",")}
        split = {each["name"] for each in rings["dimensions"]}
        assert split
        assert split <= columns
        assert all((each["operator"], each["values"]) == ("Include", ["*"]) for each in rings["dimensions"])


@pytest.mark.parametrize("alarm", ALWAYS | FOR_WEBHOOKS | FOR_UPDATES)
def test_an_alarm_says_what_to_do(alarm: str) -> None:
    """Whoever is woken reads what it means and where to look first."""
    text = deployed("everything").alarms[alarm].properties["description"]
    assert len(text) > 100
    assert re.search(r"status|message|workbook|replay|tell which", text)


def expected(name: str, alarm: str) -> set[tuple[str, str]]:
    """The sources and tenants whose silence rings."""
    [rows] = re.findall(r"datatable\(source: string, tenant: string\) \[(.*)\];", query(name, alarm))
    values = re.findall(r'"([^"]*)"', rows)
    return set(zip(values[::2], values[1::2], strict=True))


EVERYTHING: Final = ("11111111-1111-4111-8111-aaaaaaaaaaaa", "22222222-2222-4222-8222-222222222222")


@pytest.mark.parametrize(
    ("name", "sources", "tenants"),
    [
        ("defaults", {"alerts_v2"}, {TENANT}),
        ("everything", {"alerts_v2", "incidents", "alerts"}, set(EVERYTHING)),
        ("private", {"alerts_v2"}, {""}),
    ],
)
def test_the_silence_of_what_is_chosen_rings(name: str, sources: set[str], tenants: set[str]) -> None:
    """Each chosen source of each tenant is written down as events write it; tenants listed in a blob count together."""
    assert expected(name, "alarm-silent") == {(source, tenant) for source in sources for tenant in tenants}
    assert expected(name, "alarm-silent-daily") == {(source, tenant) for source in DAILY for tenant in tenants}
    for alarm in ("alarm-silent", "alarm-silent-daily"):
        assert ("let eachTenant = true;" in query(name, alarm)) == (tenants != {""})


@pytest.mark.parametrize("alarm", ["alarm-silent", "alarm-silent-daily"])
def test_absence_is_a_row(alarm: str) -> None:
    """What is expected is joined with what was told so that it stays where nothing was: no rows would never ring."""
    text = query("defaults", alarm)
    assert re.search(r"^expected\n\| join kind=leftouter \(", text, re.MULTILINE)
    assert "| where isnull(finished)" in text


@pytest.mark.parametrize(
    ("alarm", "default", "chosen"),
    [
        ("alarm-silent", "30m", "45m"),
        ("alarm-silent-daily", "36h", "36h"),
        ("alarm-lag", "30m", "45m"),
        ("alarm-score-dropped", "5", "3"),
    ],
)
def test_an_alarm_rings_at_the_chosen_limit(alarm: str, default: str, chosen: str) -> None:
    """The limit stands in the query, and the window that the query sees is no shorter."""
    for name, limit in (("defaults", default), ("everything", chosen)):
        assert f"let limit = {limit};" in query(name, alarm)
    if unit := re.fullmatch(r"(\d+)([mh])", chosen):
        hours = int(unit[1]) / (60 if unit[2] == "m" else 1)
        assert hours <= HOURS[deployed("everything").alarms[alarm].properties["windowSize"]]


def test_the_longest_limit_fits_the_window() -> None:
    """Silence and lag can be told apart from an empty window up to the bound of alarmLagMinutes."""
    [bound] = re.findall(r"@maxValue\((\d+)\)\nparam alarmLagMinutes", (INFRA / "main.bicep").read_text())
    assert int(bound) / 60 < HOURS[deployed("defaults").alarms["alarm-silent"].properties["windowSize"]]


def test_what_is_no_alarm_does_not_ring() -> None:
    """A subscription that Graph refuses, or that was never made, is shown in status and rings nothing."""
    text = query("defaults", "alarm-subscription-lost")
    assert set(re.findall(r'e\.state == "(\w+)"', text)) == {"lost", "alive"}
    assert "todouble(e.hours_left) < 12" in text


def test_a_view_that_the_next_run_makes_wakes_nobody() -> None:
    """Nothing is lost without it: it takes days of reports or hours of views, and the mildest of severities."""
    rule = deployed("defaults").alarms["alarm-views-failed"].properties
    assert (rule["severity"], HOURS[rule["windowSize"]]) == (3, 48)
    text = query("defaults", "alarm-views-failed")
    assert 'latest = countif(e.event == "latest.failed" and TimeGenerated > ago(6h))' in text
    assert "| where reports >= 2 or latest >= 3\n" in text


def test_a_single_update_without_an_audit_rings() -> None:
    """It may be evidence that is missing for ever, and no run repairs it; what was sent is told apart."""
    text = query("everything", "alarm-updates-unaudited")
    assert text.count("| where") == 1
    assert "incomplete = countif(isnotempty(tostring(e.audit)))" in text


@pytest.mark.parametrize(("name", "address"), [("defaults", None), ("everything", "soc@contoso.example")])
def test_there_is_always_an_action_group(name: str, address: str | None) -> None:
    """Without an address it has no receiver, and any can be added."""
    [group] = deployed(name).of("Microsoft.Insights/actionGroups")
    assert len(group.properties["groupShortName"]) <= 12
    assert [each["emailAddress"] for each in group.properties["emailReceivers"]] == ([address] if address else [])


def test_the_workbook_draws_what_operators_ask_for() -> None:
    """Lag, records, requests, throttling, failures, subscriptions and the score, over the time that they choose."""
    drawn = [item for item in workbook()["items"] if item["type"] == 3]
    fields = {field for item in drawn for field in re.findall(r"\be\.(\w+)", item["content"]["query"])}
    assert {"lag_seconds", "records", "requests", "throttled", "state", "percent", "reason"} <= fields
    assert {item["content"]["timeContextFromParameter"] for item in drawn} == {"TimeRange"}
    [times] = [item["content"]["parameters"] for item in workbook()["items"] if item["type"] == 9]
    assert [each["name"] for each in times] == ["TimeRange"]


def test_the_workbook_reads_the_workspace() -> None:
    """It is found beside the workspace, and asks that one."""
    workspace = deployed("defaults").one("Microsoft.OperationalInsights/workspaces").id
    resource = deployed("defaults").one("Microsoft.Insights/workbooks")
    assert resource.properties["sourceId"] == workspace
    assert workbook()["fallbackResourceIds"] == [workspace]
