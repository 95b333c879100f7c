"""The stack's processes: how they start, and that none outlives its parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from local.child import ROOT, Child, ChildFailed
from local.stack import Stack
from tests.host.conftest import NEVER, SAMPLE_APP, eventually, request


def python(name: str, code: str, logs: Path) -> Child:
    return Child(name, [sys.executable, "-c", code], log=logs / f"{name}.log", cwd=logs, env={"GIVEN": "yes"})


def test_a_child_that_dies_early_shows_its_last_words(tmp_path: Path) -> None:
    """The error holds the exit code and the tail of the log."""
    with (
        python("brief", "print('about to fail'); raise SystemExit(3)", tmp_path) as child,
        pytest.raises(ChildFailed, match=r"brief ended with code 3[^$]*about to fail"),
    ):
        child.wait_for("never (said)")


def test_a_silent_child_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """The time limit is the caller's."""
    with (
        python("silent", "import time; time.sleep(60)", tmp_path) as child,
        pytest.raises(ChildFailed, match="not ready within 0 s"),
    ):
        child.wait_for("never (said)", timeout_s=0.2)
    assert child.returncode == -signal.SIGTERM


def test_children_inherit_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings do not reach the app under test."""
    monkeypatch.setenv("AZURE_CLIENT_ID", "somebody")
    code = "import os; print('has', sorted(k for k in os.environ if k in {'AZURE_CLIENT_ID', 'GIVEN', 'PATH'}), '!')"
    with python("environment", code, tmp_path) as child:
        assert child.wait_for(r"has (\[.*\]) !") == "['GIVEN', 'PATH']"


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_killed_parent_takes_its_children_along(tmp_path: Path) -> None:
    """Even SIGKILL, which no handler sees, leaves no orphan."""
    code = f"""
import sys, time
from pathlib import Path
from local.child import Child
child = Child("c", [sys.executable, "-c", "import time; time.sleep(60)"], log=Path({str(tmp_path / "c.log")!r}),
              cwd=Path("."), env={{}})
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        os.kill(parent.pid, signal.SIGKILL)
    eventually(lambda: not _alive(pid), "the child is gone")


def _alive(pid: int) -> bool:
    """A zombie is dead; in a container nobody may be there to bury it."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_the_whole_stack(tmp_path: Path) -> None:
    """All three run, wired to each other; the host can be killed and started again at the same address."""
    settings = {
        "WORK_QUEUE": "export-jobs",
        "DONE_QUEUE": "graph-notifications",
        "TICKS_QUEUE": "ticks",
        "SLOW_SCHEDULE": NEVER,
        "QUICK_SCHEDULE": NEVER,
        "LIFECYCLE_URL": None,
    }
    small = {"seed": 1, "alerts": 5, "incidents": 2, "legacy": 2, "days": 2}
    with Stack(app=SAMPLE_APP, settings=settings, data=small, logs=tmp_path) as stack:
        assert _setting(stack, "GRAPH_BASE_URL") == stack.simulator.url
        assert _setting(stack, "LIFECYCLE_URL") == ""
        stack.kill_host()
        with pytest.raises(OSError, match="refused"):
            _setting(stack, "TENANT_ID")
        stack.start_host()
        assert _setting(stack, "TENANT_ID") == stack.settings["TENANT_ID"]
        processes = [stack.azurite.child, stack.simulator.child]
    assert all(process.returncode is not None for process in processes)


def _setting(stack: Stack, name: str) -> str:
    return request(stack.host_url, "GET", f"/api/environment/{name}").body.decode()
