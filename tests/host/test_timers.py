"""Timer triggers and the admin API that fires them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.azurite import Azurite
from local.host.timers import next_tick
from tests.host.conftest import SampleHost, sample_host

EVERY_SECOND = {"SLOW_SCHEDULE": "* * * * * *", "QUICK_SCHEDULE": "* * * * * *"}


@pytest.mark.parametrize(
    ("schedule", "tick"),
    [
        ("*/15 * * * * *", "2026-11-23T12:00:15"),
        ("0 30 6 * * *", "2026-11-24T06:30:00"),
        ("0 17 * * * *", "2026-11-23T12:17:00"),
        ("30 6 * * *", "2026-11-24T06:30:00"),
        ("0 0 0 1 * Mon", "2027-02-01T00:00:00"),
    ],
)
def test_the_next_tick(schedule: str, tick: str) -> None:
    """Six fields begin with the seconds, five have none; a day must match both of its fields. All in UTC."""
    assert next_tick(schedule, datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)) == datetime.fromisoformat(f"{tick}Z")


def test_timers_fire_on_their_schedule_and_never_overlap_themselves(azurite: Azurite, tmp_path: Path) -> None:
    """A run of 1.2 s skips every other tick of its own; another timer goes on beside it."""
    with sample_host(azurite, tmp_path, settings=EVERY_SECOND) as host:
        ticks = [json.loads(text) for text in host.ticks.take(5)]
    slow = [tick for tick in ticks if tick["timer"] == "slow"]
    quick = sorted(tick["began"] for tick in ticks if tick["timer"] == "quick")
    assert slow
    assert all(tick["alone"] and not tick["past_due"] for tick in ticks)
    assert all(began % 1 < 0.7 for began in quick)
    assert len({int(began) for began in quick}) == len(quick) >= 3


def test_no_timers_fire_on_demand_alone(azurite: Azurite, tmp_path: Path) -> None:
    """``--no-timers`` silences the schedules; the admin API fires one and answers before it ends."""
    with sample_host(azurite, tmp_path, "--no-timers", settings=EVERY_SECOND) as host:
        answer = host.request("POST", "/admin/functions/quick", b'{"input": ""}')
        assert answer.status == 202
        [tick] = host.ticks.take()
        assert json.loads(tick)["timer"] == "quick"
        assert host.child.output().count("Executed quick") == 1
        assert "Executed slow" not in host.child.output()


def test_a_queue_function_takes_what_the_admin_api_gives(host: SampleHost) -> None:
    """The input is its message, without a message's properties."""
    assert host.request("POST", "/admin/functions/work", b'{"input": "by hand"}').status == 202
    [done] = host.done.take()
    assert json.loads(done) == {"body": "by hand", "id": None, "attempt": None, "inserted": None, "receipt": None}


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [("nothing", b'{"input": ""}', 404), ("echo", b'{"input": ""}', 400), ("work", b"", 400), ("work", b"[]", 400)],
)
def test_the_admin_api_refuses(host: SampleHost, name: str, body: bytes, status: int) -> None:
    """An unknown function, one that is called by HTTP, and a body of another form."""
    assert host.request("POST", f"/admin/functions/{name}", body).status == status


def test_the_admin_api_lists_functions(host: SampleHost) -> None:
    """Names and bindings, settings filled in."""
    listed = {entry["name"]: entry for entry in host.get("/admin/functions").json()}
    assert len(listed) == 10
    assert listed["work"]["config"]["bindings"][0]["queueName"] == host.work.client.queue_name
    assert not listed["work"]["isDisabled"]
    assert host.get("/admin/host/status").json()["state"] == "Running"
