"""Alerts as they are now: the newest revision of each, and what is counted of them."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import instants
from shared.instants import DAY, HOUR, MICROSECOND, TICK, Instant
from shared.views.alerts import AGES, SEVERITIES, Alert, AlertFigures, Duration, JoinedIncident, Latest, figures
from tests.hostile import ANYTHING, as_json, shaped

NOW = instants.from_text("2026-11-23T12:00:00Z")

ENDPOINT, IDENTITY, OFFICE = "microsoftDefenderForEndpoint", "microsoftDefenderForIdentity", "dataLossPrevention"


def revision(id_: str = "da1", at: str = "2026-11-20T00:00:00Z", **more: Any) -> bytes:
    """A line as it was exported."""
    return json.dumps({"id": id_, "lastUpdateDateTime": at} | more).encode()


def latest(*lines: bytes) -> list[Alert]:
    """What is known after these lines."""
    found = Latest()
    found.take(lines)
    return list(found)


def counts(*of: int) -> dict[str, int]:
    """By severity, the worst first; zero where none is given."""
    return dict(zip(SEVERITIES, (*of, 0, 0, 0, 0, 0), strict=False))


# The newest revision


def test_what_is_read_of_a_revision() -> None:
    """As Graph names it, with all digits of its times."""
    line = revision(
        at="2026-11-20T01:00:00.1234567Z",
        createdDateTime="2026-11-19T00:00:00Z",
        resolvedDateTime="2026-11-20T00:59:00Z",
        severity="high",
        status="resolved",
        serviceSource=ENDPOINT,
        incidentId="1000",
    )
    assert latest(line) == [
        Alert(
            at=instants.from_text("2026-11-20T01:00:00.1234567Z"),
            created=instants.from_text("2026-11-19T00:00:00Z"),
            resolved=instants.from_text("2026-11-20T00:59:00Z"),
            severity="high",
            status="resolved",
            product=ENDPOINT,
            incident="1000",
        )
    ]


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(("severity", "status", "serviceSource", "incidentId"))])
def test_what_graph_left_out(empty: dict[str, Any]) -> None:
    """It counts as unknown, and as open: nobody has said that it is over."""
    at = instants.from_text("2026-11-20T00:00:00Z")
    [alert] = latest(revision(**empty))
    assert alert == Alert(at, at, None, "unknown", "unknown", "unknown", None)
    assert alert.open


@pytest.mark.parametrize("severity", ["unknown", "unknownFutureValue", "High", "critical", ""])
def test_an_unknown_severity_has_a_class_of_its_own(severity: str) -> None:
    """Graph may add words to an enumeration."""
    assert [alert.severity for alert in latest(revision(severity=severity))] == ["unknown"]


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        ("new", True),
        ("inProgress", True),
        ("unknown", True),
        ("unknownFutureValue", True),
        ("newAlert", True),
        ("dismissed", True),
        ("resolved", False),
    ],
)
def test_resolved_alone_is_not_open(status: str, is_open: bool) -> None:  # noqa: FBT001
    """Whatever word comes, those of legacy alerts too, an alert is not lost from sight by it."""
    assert [alert.open for alert in latest(revision(status=status))] == [is_open]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"id": "da1"}',
        revision(at="yesterday"),
        revision(at="2026-11-20T00:00:00+01:00"),
        json.dumps({"id": None, "lastUpdateDateTime": "2026-11-20T00:00:00Z"}).encode(),
        json.dumps({"id": 1, "lastUpdateDateTime": "2026-11-20T00:00:00Z"}).encode(),
    ],
    ids=lambda line: str(line[:60]),
)
def test_what_is_no_alert_is_counted_apart(line: bytes) -> None:
    """It is told of, and stops nothing."""
    found = Latest()
    found.take([line, revision("da2")])
    assert (found.unreadable, len(list(found))) == (1, 1)


def test_half_a_surrogate_pair_hides_no_alert() -> None:
    """An attacker may put it into a title, or a name into an incident."""
    line = rb'{"id":"\ud800","lastUpdateDateTime":"2026-11-20T00:00:00Z","severity":"high","incidentId":"\udfff"}'
    assert [alert.severity for alert in latest(line, revision("da2", severity="low"))] == ["high", "low"]


REVISIONS = st.dictionaries(
    st.tuples(st.sampled_from(["da1", "da2", "da3"]), st.integers(0, 30)),
    st.tuples(st.sampled_from(["new", "resolved"]), st.sampled_from(SEVERITIES)),
    min_size=1,
)
"""By id and time: no two of one id are of the same time."""


@given(REVISIONS, st.data())
def test_the_newest_revision_wins(revisions: dict[tuple[str, int], tuple[str, str]], data: st.DataObject) -> None:
    """In whatever order they come, and into whatever blobs they are split."""
    plain = {id_: revisions[id_, at] for id_, at in sorted(revisions)}
    blobs: dict[int, list[bytes]] = {}
    for id_, at in data.draw(st.permutations(list(revisions))):
        status, severity = revisions[id_, at]
        line = revision(id_, instants.to_text(NOW + at * TICK), status=status, severity=severity)
        blobs.setdefault(data.draw(st.integers(0, 3)), []).append(line)
    merged = Latest()
    for lines in blobs.values():
        of_blob = Latest()
        of_blob.take([*lines, b"?"])
        merged.merge(of_blob)
    assert {id_: (alert.status, alert.severity) for id_, alert in merged._alerts.items()} == plain
    assert merged.unreadable == len(blobs)


TIMES = st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-11-23T00:00:00.\ud800Z"]
)

ALERTS = shaped(
    {
        "id": st.sampled_from(["da1", "da2", "\ud800"]),
        "lastUpdateDateTime": TIMES,
        "createdDateTime": TIMES,
        "resolvedDateTime": TIMES,
        "severity": st.sampled_from(SEVERITIES),
        "status": st.sampled_from(["new", "resolved"]),
        "serviceSource": st.text(),
        "incidentId": st.sampled_from(["1", "2"]),
    }
)


@given(st.lists(ALERTS | ANYTHING))
def test_any_json_is_counted(sent: Sequence[Any]) -> None:
    """Each line is an alert or unreadable, and every open one stands in each of the tables."""
    found = Latest()
    found.take(map(as_json, sent))
    told = figures(found, NOW, days=30, unreadable=found.unreadable)
    assert told.total + told.unreadable <= len(sent)
    assert told.open_total == sum(alert.open for alert in found)
    assert told.open_total == sum(sum(by.values()) for by in told.open_by_product.values())
    assert told.open_total == sum(sum(by.values()) for by in told.ages.values())
    assert told.total >= told.open_total + told.undated + sum(one.alerts for one in told.durations.values())


# Figures


TABLE = """
id   created           resolved          severity       product   incident  changed
a    2026-11-23T11:00  -                 high           endpoint  1         2026-11-23T11:00
b    2026-11-22T12:01  -                 high           endpoint  -         2026-11-22T12:01
c    2026-11-22T12:00  -                 medium         identity  1         2026-11-23T10:00
d    2026-11-16T12:00  -                 low            identity  2         2026-11-16T12:00
e    2026-10-24T12:00  -                 informational  endpoint  -         2026-10-24T12:00
f    2026-11-21T23:59  2026-11-22T03:59  high           endpoint  3         2026-11-22T03:59
g    2026-11-22T00:00  2026-11-22T02:00  high           office    3         2026-11-22T02:00
h    2026-11-20T00:00  2026-11-20T10:00  low            office    4         2026-11-23T09:00
i    2026-11-20T00:00  undated           low            identity  4         2026-11-20T08:00
j    2026-11-20T00:00  -                 worse          office    2         2026-11-20T00:00
k    2026-11-20T00:00  2026-11-19T23:00  medium         office    5         2026-11-20T00:00
l    2026-11-20T00:00  2026-11-20T01:00  medium         office    5         2026-11-20T01:00
"""
"""Alerts at noon of the 23rd: some at the very bound of their class, one resolved before it began."""

PRODUCTS = {"endpoint": ENDPOINT, "identity": IDENTITY, "office": OFFICE}


def exported(table: str) -> list[bytes]:
    """A table's alerts, each as one revision."""
    _, *rows = [line.split() for line in table.strip().splitlines()]
    lines = []
    for id_, created, resolved, severity, product, incident, changed in rows:
        lines.append(
            revision(
                id_,
                f"{changed}:00Z",
                createdDateTime=f"{created}:00Z",
                resolvedDateTime=None if resolved in ("-", "undated") else f"{resolved}:00Z",
                status="new" if resolved == "-" else "resolved",
                severity=severity,
                serviceSource=PRODUCTS[product],
                incidentId=None if incident == "-" else incident,
            )
        )
    return lines


def at(text: str) -> Instant:
    return instants.from_text(f"{text}:00Z")


def test_what_was_usual_long_ago_is_no_longer_told() -> None:
    """The time to resolve is of alerts that were resolved in the last 90 days, to the moment."""
    table = """
id   created           resolved          severity  product   incident  changed
m    2026-08-01T00:00  2026-08-25T12:00  high      endpoint  -         2026-08-25T12:00
n    2026-08-25T10:01  2026-08-25T12:01  high      endpoint  -         2026-08-25T12:01
"""
    assert figures(latest(*exported(table)), NOW, days=1).durations == {"high": Duration(1, 2.0, 2.0)}


def test_the_figures_of_a_table() -> None:
    """All of them, counted by hand."""
    assert figures(latest(*exported(TABLE)), NOW, days=4, unreadable=7) == AlertFigures(
        total=12,
        open=counts(2, 1, 1, 1, 1),
        open_by_product={
            ENDPOINT: counts(2, 0, 0, 1, 0),
            IDENTITY: counts(0, 1, 1, 0, 0),
            OFFICE: counts(0, 0, 0, 0, 1),
        },
        new_by_day={
            date(2026, 11, 20): counts(0, 2, 2, 0, 1),
            date(2026, 11, 21): counts(1),
            date(2026, 11, 22): counts(2, 1),
            date(2026, 11, 23): counts(1),
        },
        ages={
            "under a day": counts(2),
            "1 to 7 days": counts(0, 1, 0, 0, 1),
            "7 to 30 days": counts(0, 0, 1),
            "over 30 days": counts(0, 0, 0, 1),
        },
        durations={
            "high": Duration(2, 3.0, 3.8),
            "medium": Duration(2, 0.5, 0.9),
            "low": Duration(1, 10.0, 10.0),
        },
        undated=1,
        joined=[
            JoinedIncident("1", [ENDPOINT, IDENTITY], 2, 2, "high", at("2026-11-23T11:00")),
            JoinedIncident("2", [OFFICE, IDENTITY], 2, 2, "low", at("2026-11-20T00:00")),
            JoinedIncident("3", [OFFICE, ENDPOINT], 2, 0, "high", at("2026-11-22T03:59")),
            JoinedIncident("4", [OFFICE, IDENTITY], 2, 0, "low", at("2026-11-23T09:00")),
        ],
        unreadable=7,
    )


def test_nothing_exported() -> None:
    """Every table is there, and empty."""
    told = figures([], NOW, days=2)
    days = [date(2026, 11, 22), date(2026, 11, 23)]
    ages = {name: counts() for name, _ in AGES}
    assert told == AlertFigures(0, counts(), {}, dict.fromkeys(days, counts()), ages, {}, 0, [], 0)
    assert list(told.new_by_day) == days
    assert told.open_total == 0


def test_tables_have_an_order() -> None:
    """Days rise, ages rise, severities fall, and the product with the most open alerts comes first."""
    told = figures(latest(*exported(TABLE)), NOW, days=30)
    assert list(told.new_by_day) == [date(2026, 11, 23) - timedelta(days=ago) for ago in range(29, -1, -1)]
    assert list(told.ages) == ["under a day", "1 to 7 days", "7 to 30 days", "over 30 days"]
    assert list(told.open_by_product) == [ENDPOINT, IDENTITY, OFFICE]
    assert list(told.durations) == ["high", "medium", "low"]
    assert {tuple(by) for by in (told.open, *told.open_by_product.values(), *told.ages.values())} == {SEVERITIES}


@pytest.mark.parametrize(
    ("age", "name"),
    [
        (-HOUR, "under a day"),
        (0, "under a day"),
        (DAY - MICROSECOND, "under a day"),
        (DAY, "1 to 7 days"),
        (7 * DAY - MICROSECOND, "1 to 7 days"),
        (7 * DAY, "7 to 30 days"),
        (30 * DAY - MICROSECOND, "7 to 30 days"),
        (30 * DAY, "over 30 days"),
        (10_000 * DAY, "over 30 days"),
    ],
)
def test_classes_of_age_at_their_bounds(age: Instant, name: str) -> None:
    """To the microsecond; an alert of a clock that is ahead is new."""
    [alert] = latest(revision(createdDateTime=instants.to_text(NOW - age)))
    told = figures([alert], NOW, days=1)
    assert [of_age for of_age, by in told.ages.items() if sum(by.values())] == [name]


@pytest.mark.parametrize(
    ("created", "days"),
    [
        ("2026-11-21T23:59:59.9999999Z", []),
        ("2026-11-22T00:00:00Z", [22]),
        ("2026-11-22T23:59:59.9999999Z", [22]),
        ("2026-11-23T00:00:00.0000000Z", [23]),
        ("2026-11-23T23:59:59.9999999Z", [23]),
        ("2026-11-24T00:00:00Z", []),
    ],
)
def test_a_day_is_one_of_utc(created: str, days: list[int]) -> None:
    """From midnight to the last tick, over the days that are shown; resolved alerts were new, too."""
    alerts = latest(revision(createdDateTime=created, status="resolved"))
    told = figures(alerts, NOW, days=2)
    assert [day.day for day, by in told.new_by_day.items() if sum(by.values())] == days


@pytest.mark.parametrize(
    ("hours", "duration"),
    [
        ([5], Duration(1, 5, 5)),
        ([0, 10], Duration(2, 5, 9)),
        (list(range(11)), Duration(11, 5, 9)),
        ([100, 1, 1, 1], Duration(4, 1, 70.3)),
    ],
)
def test_durations(hours: list[int], duration: Duration) -> None:
    """The median, and what nine of ten needed at most, which lies between two where it must."""
    began = instants.to_text(NOW)
    alerts = latest(
        *(
            revision(
                f"da{number}",
                createdDateTime=began,
                resolvedDateTime=instants.to_text(NOW + took * HOUR),
                status="resolved",
                severity="low",
            )
            for number, took in enumerate(hours)
        )
    )
    [found] = figures(alerts, NOW, days=1).durations.values()
    assert (found.alerts, found.median_h, round(found.p90_h, 9)) == (
        duration.alerts,
        duration.median_h,
        duration.p90_h,
    )


def test_a_duration_needs_both_ends() -> None:
    """An alert whose creation nobody knows was not resolved within no time."""
    alerts = latest(revision(status="resolved", resolvedDateTime="2026-11-20T00:00:00Z"))
    told = figures(alerts, NOW, days=1)
    assert (told.durations, told.undated) == ({}, 1)


def test_an_alert_that_was_opened_again_is_open() -> None:
    """Its old end does not count."""
    alerts = latest(revision(status="inProgress", severity="high", resolvedDateTime="2026-11-20T00:00:00Z"))
    told = figures(alerts, NOW, days=1)
    assert (told.open, told.durations, told.undated) == (counts(1), {}, 0)


def test_an_incident_of_one_product_joins_nothing() -> None:
    """Nor do alerts of two products without an incident."""
    alerts = latest(
        revision("da1", incidentId="1", serviceSource=ENDPOINT),
        revision("da2", incidentId="1", serviceSource=ENDPOINT),
        revision("da3", serviceSource=ENDPOINT),
        revision("da4", serviceSource=IDENTITY, incidentId=""),
    )
    assert figures(alerts, NOW, days=1).joined == []
