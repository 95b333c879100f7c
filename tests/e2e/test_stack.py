"""The app on the local stack: real HTTP, real queues and blobs, Microsoft's runtime, an identity endpoint."""

import json
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.serve import hints
from local.stack import TENANT, Stack
from shared.storage.azure_blobs import AzureBlobs, by_connection_string
from tests.e2e.blobs import lines
from tests.e2e.driving import complete, control, fire, lift_limit, status
from tests.e2e.waiting import until
from tests.views.viewed import newest, same, shown

SOURCES = ("alerts_v2", "incidents", "alerts", "secureScores", "secureScoreControlProfiles")
SETTINGS = {
    "EXPORT_SOURCES": "alerts_v2,incidents,alerts",
    "EXPORT_LOOKBACK_DAYS": "3",
    "GRAPH_REQUESTS_PER_MINUTE": "60000",
    "BELL_INTERVAL_SECONDS": "1",
}
DATA = {"alerts": 3000, "incidents": 200, "legacy": 400, "days": 3}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for the stories below; each leaves it complete."""
    with Stack(
        data=DATA,
        settings=SETTINGS,
        host_options=("--no-timers", "--message-lease=5"),
        logs=tmp_path_factory.mktemp("logs"),
    ) as running:
        lift_limit(running)
        yield running


def test_every_function_is_indexed(stack: Stack) -> None:
    """A wrong annotation makes zero functions in Azure and passes every plain unit test."""
    functions = requests.get(f"{stack.host_url}/admin/functions", timeout=10).json()
    assert {function["name"] for function in functions} == {
        "export_alerts",
        "export_secure_scores",
        "run_export_job",
        "request_export",
        "reconcile",
        "status",
        "notifications",
        "lifecycle",
        "process_notifications",
        "maintain_subscriptions",
        "render_report",
        "report",
        "update_security_resource",
        "get_security_resource",
        "publish_latest",
    }


def test_timers_export_everything(stack: Stack) -> None:
    """Timer, queue, worker, Graph, blobs: every revision of every source once, and a healthy status."""
    fire(stack, "export_alerts")
    fire(stack, "export_secure_scores")
    for source in SOURCES:
        until(lambda source=source: complete(stack, source), source)  # type: ignore[misc]
    report = until(lambda: report if (report := status(stack))["healthy"] else None, "a healthy status")
    assert set(report["tenants"][TENANT]) == set(SOURCES)
    assert report["tenants"][TENANT]["secureScores"]["records"] == 90


def test_the_latest_view_is_the_newest_of_what_was_exported(stack: Stack) -> None:
    """A timer, the export's blobs, and Parquet in a container of its own: of every source."""
    storage = stack.azurite.connection_string
    views = AzureBlobs(by_connection_string(storage, "security-views"))
    wanted = {
        id_: seen
        for source in SOURCES[:3]
        for id_, seen in newest([line.rstrip(b"\n") for line in lines(storage, source)], source).items()
    }
    fire(stack, "publish_latest")
    until(lambda: same(shown(views), wanted), "the latest view")


def test_a_change_is_exported_when_somebody_asks(stack: Stack) -> None:
    """The new revision comes beside the old one, as the bytes that Graph sends."""
    changed = requests.post(
        f"{stack.simulator.url}/simulator/change", json={"source": "alerts_v2", "count": 7, "seed": 3}, timeout=10
    )
    assert changed.status_code == 200
    answer = requests.post(f"{stack.host_url}/api/export", json={"source": "alerts_v2"}, timeout=10)
    assert answer.status_code == 202
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.json()["id"])
    until(lambda: complete(stack, "alerts_v2"), "the changed alerts")
    assert b"\n" not in b"".join(lines(stack.azurite.connection_string, "alerts_v2"))


def test_what_comes_days_late_is_filled_in_when_somebody_asks(stack: Stack) -> None:
    """No scan reads so far back; the comparison does, and the timer asks for it of every source."""
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    control(stack, "POST", "create", {"source": "alerts_v2", "at": f"{day}T12:00:00Z"})
    asked = {"source": "alerts_v2", "reconcile": {"from": day, "to": day}}
    assert requests.post(f"{stack.host_url}/api/export", json=asked, timeout=10).status_code == 202
    until(lambda: complete(stack, "alerts_v2"), "the late alert")
    assert status(stack)["tenants"][TENANT]["alerts_v2"]["reconcile"]["filled"] == 1
    fire(stack, "reconcile")
    for source in SOURCES[:3]:

        def compared(source: str = source) -> bool:
            result = status(stack)["tenants"][TENANT][source]["reconcile"]
            return bool(result and result["finished"] and result["seen"] > 1)

        until(compared, source)
        assert complete(stack, source)


def test_what_serve_says_can_be_done(stack: Stack) -> None:
    """Each command that it prints is taken, in its order, and each address can be looked at."""
    curl = ArgumentParser()
    for option in ("-X", "-d"):
        curl.add_argument(option)
    curl.add_argument("url")
    said = hints(stack)
    fire(stack, "render_report")
    until(lambda: requests.get(said["Look at the report"], timeout=10).ok, "the report")
    commands = [text.removeprefix("curl ") for text in said.values() if re.match("(curl|http)", text)]
    assert len(commands) == len(said) - 2  # but for the storage's connection string and the folder of logs
    for command in commands:
        asked = curl.parse_args(shlex.split(command))
        method = asked.X or ("POST" if asked.d else "GET")
        form = {"Content-Type": "application/x-www-form-urlencoded"}  # what curl says of -d
        assert requests.request(method, asked.url, data=asked.d, headers=form, timeout=10).ok, command
    fire(stack, "export_alerts")
    until(lambda: complete(stack, "alerts_v2"), "the changed alerts")


@pytest.mark.parametrize("body", ["", "[]", '{"source": "nothing"}', '{"source": "alerts_v2", "since": "tomorrow"}'])
def test_a_bad_request_is_answered_with_the_reason(stack: Stack, body: str) -> None:
    """400, and nothing on the queue."""
    answer = requests.post(f"{stack.host_url}/api/export", data=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_killed_process_loses_and_doubles_nothing(stack: Stack) -> None:
    """SIGKILL in the middle of a catch-up; the next run finishes what lies there."""
    faults = f"{stack.simulator.url}/simulator/faults/alerts_v2"
    before = len(list(blob_names(stack)))
    since = f"{datetime.now(UTC) - timedelta(days=60):%Y-%m-%d}"
    requests.put(faults, json={"latency_ms": 150, "max_top": 100}, timeout=10)
    requests.post(f"{stack.host_url}/api/export", json={"source": "alerts_v2", "since": since}, timeout=10)
    until(lambda: len(list(blob_names(stack))) > before + 2, "a few days of history")
    stack.kill_host()
    requests.delete(faults, timeout=10)
    # A minute later the dead worker's lease would have run out.
    state = BlobServiceClient.from_connection_string(stack.azurite.connection_string)
    lease = state.get_blob_client("security-export-state", f"checkpoints/alerts_v2/{TENANT}.json")
    until(lambda: lease.get_blob_properties().lease.state in ("leased", "available"), "the checkpoint")
    if lease.get_blob_properties().lease.state == "leased":
        from azure.storage.blob import BlobLeaseClient

        BlobLeaseClient(lease).break_lease(0)
    stack.start_host()
    requests.post(
        f"{stack.simulator.url}/simulator/change", json={"source": "alerts_v2", "count": 50, "seed": 4}, timeout=10
    )
    fire(stack, "export_alerts")
    until(lambda: complete(stack, "alerts_v2"), "the changed alerts after the kill")
    until(lambda: status(stack)["tenants"][TENANT]["alerts_v2"]["since"] is None, "the history", 120)
    assert status(stack)["tenants"][TENANT]["alerts_v2"]["first_start"] == f"{since}T00:00:00.0000000Z"
    assert complete(stack, "alerts_v2")


def test_a_poisoned_message_is_told_at_the_next_tick(stack: Stack) -> None:
    """The host moves it there without an event; an alarm must hear of it within a tick."""
    queues = QueueServiceClient.from_connection_string(stack.azurite.connection_string)
    with queues.get_queue_client("export-jobs-poison") as poison:
        with suppress(ResourceExistsError):
            poison.create_queue()
        poison.send_message("bm8=")
        fire(stack, "export_alerts")
        told = until(lambda: re.search(r'\{"event": "queues.poisoned".*\}', stack.host.output()), "the event")
        poison.clear_messages()
    assert json.loads(told[0]) == {"event": "queues.poisoned", "queue": "export-jobs-poison", "messages": 1}


def blob_names(stack: Stack) -> Iterator[str]:
    client = BlobServiceClient.from_connection_string(stack.azurite.connection_string)
    yield from client.get_container_client("security-export").list_blob_names(name_starts_with="alerts_v2/")


def test_no_token_and_no_secret_is_logged(stack: Stack) -> None:
    """Whatever the logs say, they hold no bearer token, no clientState, no key."""
    log = Path(stack.logs, "host.log").read_text()
    assert "export.finished" in log
    for secret in (
        "Bearer",
        "eyJ",
        stack.settings["NOTIFICATION_CLIENT_STATE"],
        stack.settings["IDENTITY_HEADER"],
        "AccountKey",
    ):
        assert secret not in log
