"""Events: one JSON object a message, under fixed names."""

import json
import logging
from datetime import UTC, datetime

import pytest

from shared.events import FIELDS, Event, emit


def test_an_event_is_one_json_object(caplog: pytest.LogCaptureFixture) -> None:
    """The message alone carries name and fields, on one line, with percent signs as they are."""
    caplog.set_level(logging.INFO)
    emit(
        Event.GAP,
        source="alerts_v2",
        tenant=None,
        start=datetime(2026, 11, 23, tzinfo=UTC),
        end=1.5,
        providers={"100 %s": 504},
        unreadable=["a\nb"],
    )
    [record] = caplog.records
    assert "\n" not in record.getMessage()
    assert json.loads(record.getMessage()) == {
        "event": "export.gap",
        "source": "alerts_v2",
        "tenant": None,
        "start": "2026-11-23T00:00:00+00:00",
        "end": 1.5,
        "providers": {"100 %s": 504},
        "unreadable": ["a\nb"],
    }


def test_levels(caplog: pytest.LogCaptureFixture) -> None:
    """What an operator must act on is an error; what mends itself is a warning."""
    caplog.set_level(logging.INFO)
    for event in Event:
        emit(event, **dict.fromkeys(FIELDS[event]))
    assert {json.loads(record.getMessage())["event"]: record.levelname for record in caplog.records} == {
        "export.finished": "INFO",
        "export.failed": "ERROR",
        "export.gap": "WARNING",
        "export.gone": "ERROR",
        "export.dropped": "WARNING",
        "reconcile.finished": "INFO",
        "notifications.dropped": "WARNING",
        "subscriptions.created": "INFO",
        "subscriptions.refused": "WARNING",
        "subscriptions.failed": "ERROR",
        "subscriptions.checked": "INFO",
        "queues.poisoned": "ERROR",
        "secureScore.kept": "INFO",
        "reports.rendered": "INFO",
        "report.failed": "ERROR",
        "update.made": "INFO",
        "update.refused": "WARNING",
        "update.unaudited": "ERROR",
        "latest.published": "INFO",
        "latest.failed": "ERROR",
    }


@pytest.mark.parametrize("fields", [{"queue": "export-jobs-poison"}, {"queue": "q", "messages": 1, "more": 2}, {}])
def test_an_event_has_its_fields(fields: dict[str, str | int], caplog: pytest.LogCaptureFixture) -> None:
    """Neither fewer nor more: a query for a field that is not there finds nothing, and no alarm rings."""
    with pytest.raises(ValueError, match="other fields: "):
        emit(Event.POISONED, **fields)
    assert caplog.records == []


@pytest.mark.parametrize("name", ["token", "access_token", "client_state", "notification_url", "body"])
def test_secrets_are_not_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A field of such a name is a fault of the program, found by the first test that passes there."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ValueError, match=f"{name} must not be logged"):
        emit(Event.FAILED, **{name: "hunter2"})
    assert caplog.records == []
