"""The demo as its user sees it: what it prints, and its exit status."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from rich.console import Console

from local.child import ROOT
from local.clients import SimulatorClient
from local.demo import conclude, run
from local.screen import Screen
from local.world import World


@pytest.mark.parametrize(
    ("problems", "status", "last_line"),
    [
        ([], 0, "✓ SUCCESS: every revision is in a blob"),
        (["alerts_v2: 1 lost", "alerts: 2 doubled"], 1, "✗ FAILED: alerts: 2 doubled"),
    ],
)
def test_the_exit_status_goes_with_the_last_words(problems: list[str], status: int, last_line: str) -> None:
    """0 says success, and whatever is wrong makes it 1."""
    written = io.StringIO()
    assert conclude(problems, Screen(Console(file=written, width=100))) == status
    assert written.getvalue().splitlines()[-1].startswith(last_line)


class Rewritten(World):
    """A world where something happens days ago that Graph did not show then: no scan reads so far back."""

    def change(self, simulator: SimulatorClient) -> int:
        long_ago = datetime.now(UTC) - timedelta(days=2)
        late = {"source": "alerts_v2", "id": "late", "at": long_ago.isoformat()}
        requests.post(f"{simulator.url}/simulator/create", json=late, timeout=10).raise_for_status()
        return super().change(simulator)


class Forbidden(World):
    """A world where the app loses its permission."""

    def change(self, simulator: SimulatorClient) -> int:
        faults = f"{simulator.url}/simulator/faults/alerts_v2"
        requests.put(faults, json={"outage": 403}, timeout=10).raise_for_status()
        return super().change(simulator)


class Unsubscribed(World):
    """A world where Graph does not find our webhooks valid."""

    def change(self, simulator: SimulatorClient) -> int:
        break_subscriptions(simulator, {"refuse_validation": True})
        return super().change(simulator)


class Unnotified(World):
    """A world where every notification is lost."""

    def change(self, simulator: SimulatorClient) -> int:
        break_subscriptions(simulator, {"lose_share": 1})
        return super().change(simulator)


def break_subscriptions(simulator: SimulatorClient, faults: dict[str, object]) -> None:
    requests.put(f"{simulator.url}/simulator/faults/subscriptions", json=faults, timeout=10).raise_for_status()


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    """A small demo, begun."""
    return subprocess.Popen(
        [sys.executable, "-m", "local", "demo", "--alerts=300", "--days=3", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module", autouse=True)
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The demo that kills its host, begun first: it waits a minute for leases, and the others need not wait with it."""
    with demo(tmp_path_factory.mktemp("killed"), "--crash") as begun:
        try:
            yield begun
        finally:
            begun.terminate()


def row(output: str, name: str) -> list[str]:
    """The cells of a table's row."""
    return next(line.split()[1:] for line in output.splitlines() if line.split()[:1] == [name] and "━" not in line)


def test_the_demo_runs_from_start_to_success(tmp_path: Path) -> None:
    """A small one: 300 + 30 + 30 records of which 5 change, and one more by webhook; 90 scores, 120 profiles."""
    with demo(tmp_path) as begun:
        output, _ = begun.communicate()
    assert begun.returncode == 0, output
    records, revisions, blobs, manifests, *_, lost, doubled = row(output, "alerts_v2")
    assert (records, revisions, lost, doubled) == ("300", "304", "0", "0")
    assert blobs == manifests
    assert row(output, "all")[:2] == ["570", "576"]
    assert re.search(r"✓ An alert changed in Graph; [\d,]+ ms later its revision was in the blob, by webhook", output)
    assert output.splitlines()[-1].startswith("✓ SUCCESS")
    assert list((tmp_path / ".local/demo/security-export/alerts_v2").rglob("*.ndjson.gz"))
    [report] = re.findall(r"The report +file://(\S+)$", output, re.MULTILINE)
    page = Path(report).read_text(encoding="utf-8")
    assert "<b>300</b> ever exported" in page
    assert "the score is -1.0" in page
    assert "no comparison with other tenants" in page


@pytest.mark.parametrize(
    ("world", "within_s", "words"),
    [
        (Rewritten, 5.0, "alerts_v2: 1 lost, such as late of"),
        (Forbidden, 5.0, "alerts_v2: .*403"),
        (Unsubscribed, 1.0, "no subscription was made within 1 s"),
        (Unnotified, 5.0, "an alert changed in Graph, and no webhook brought it into a blob within 5 s"),
    ],
)
def test_what_goes_wrong_is_told(
    world: type[World], within_s: float, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the last line and the exit status, after the end of the host's log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("local.demo._WEBHOOK_S", within_s)
    written = io.StringIO()
    status = run(world(alerts=30, days=3), Screen(Console(file=written, width=100)))
    assert status == 1, written.getvalue()
    *_, last = written.getvalue().splitlines()
    assert re.match(f"✗ FAILED: {words}", last), written.getvalue()
    assert "Executed run_export_job" in written.getvalue()


def test_a_killed_host_costs_no_revision(killed: subprocess.Popen[str]) -> None:
    """The demo that kills the app ends as well as the other; its time is the lease of the dead."""
    output, _ = killed.communicate()
    assert killed.returncode == 0, output
    assert "The host is killed" in output
    assert row(output, "all")[-2:] == ["0", "0"]
