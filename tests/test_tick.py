"""What a tick asks for: a message for each tenant and source, whatever becomes of the others."""

import json
from datetime import date, datetime
from typing import Any

import pytest

from shared import wiring
from shared.export.jobs import Days

TENANTS = tuple(f"{number:08}-2222-4333-8444-555555555555" for number in range(100))


class Queue:
    """Refuses the message of one tenant."""

    def __init__(self, refused: str = "") -> None:
        self.messages: list[dict[str, Any]] = []
        self._refused = refused

    def send(self, text: str) -> None:
        message = json.loads(text)
        if message["tenant"] == self._refused:
            raise ConnectionError(self._refused)
        self.messages.append(message)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A hundred tenants."""
    monkeypatch.setattr(wiring, "tenants", lambda: TENANTS)
    return monkeypatch


@pytest.mark.parametrize("compare", [None, Days(first=date(2026, 11, 20), last=date(2026, 11, 23))])
def test_one_message_for_each_tenant_and_source(ticking: pytest.MonkeyPatch, compare: Days | None) -> None:
    """With the days to be compared, where it is for that."""
    queue = Queue()
    ticking.setattr(wiring, "queue", lambda _: queue)
    wiring.tick(["alerts_v2", "incidents"], compare)
    asked = {(message["source"], message["tenant"]) for message in queue.messages}
    assert len(queue.messages) == len(asked) == 200
    days = {"from": "2026-11-20", "to": "2026-11-23"} if compare else None
    assert all(message.get("reconcile") == days for message in queue.messages)


def test_a_message_that_can_not_be_sent_costs_no_other_tenant_its_own(ticking: pytest.MonkeyPatch) -> None:
    """All are tried, and the host is told all the same."""
    queue = Queue(refused=TENANTS[3])
    ticking.setattr(wiring, "queue", lambda _: queue)
    with pytest.raises(ConnectionError, match=TENANTS[3]):
        wiring.tick(["alerts_v2"])
    assert {message["tenant"] for message in queue.messages} == set(TENANTS) - {TENANTS[3]}


def test_the_last_days_are_counted_from_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILE_DAYS back, and today."""

    class Clock:
        def now(self) -> datetime:
            return datetime.fromisoformat("2026-11-23T03:45:00Z")

    class Settings:
        reconcile_days = 3

    monkeypatch.setattr(wiring, "clock", Clock())
    monkeypatch.setattr(wiring, "settings", Settings)
    assert wiring.last_days() == Days(first=date(2026, 11, 20), last=date(2026, 11, 23))
