"""A cloud for each test, behind two servers for all of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.hooks.stopped import Stopped
from shared.clock import SystemClock
from tests.fakes.clock import FakeClock
from tests.infra.hooks.cloud import Cloud, Switchboard, serve


class Told(NamedTuple):
    """How a hook ended, and what it said."""

    code: int
    text: str


type Run = Callable[[Callable[[], int]], Told]


@pytest.fixture(scope="session")
def lines() -> Iterator[tuple[Switchboard, str, Switchboard, str]]:
    """Where Graph and Resource Manager are served."""
    graph, arm = Switchboard(), Switchboard()
    with serve(graph) as graph_url, serve(arm) as arm_url:
        yield graph, graph_url, arm, arm_url


@pytest.fixture
def clock() -> FakeClock:
    """The time, which only waiting moves."""
    return FakeClock()


@pytest.fixture
def cloud(
    lines: tuple[Switchboard, str, Switchboard, str],
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Cloud:
    """A cloud in which all is well and nothing is granted; hooks run in this process find its azd."""
    graph, graph_url, arm, arm_url = lines
    made = Cloud(graph_url, arm_url, tmp_path, clock)
    graph.app, arm.app = made.graph_app, made.arm_app
    monkeypatch.setenv("PATH", made.path)
    return made


@pytest.fixture
def real_cloud(lines: tuple[Switchboard, str, Switchboard, str], tmp_path: Path) -> Cloud:
    """The same by the machine's own clock, for real processes."""
    graph, graph_url, arm, arm_url = lines
    made = Cloud(graph_url, arm_url, tmp_path, SystemClock())
    graph.app, arm.app = made.graph_app, made.arm_app
    return made


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a hook in this process, as ``console.run`` does, and sees to it that it tells no secret."""

    def told(hook: Callable[[], int]) -> Told:
        try:
            code, last = hook(), ""
        except Stopped as reason:
            code, last = 1, str(reason)
        captured = capsys.readouterr()
        return Told(code, cloud.told(captured.out + captured.err + last))

    return told
