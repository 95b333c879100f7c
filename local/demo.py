"""The demo: a month of alerts is exported, some change and are exported again, and everything is counted over."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import requests
from azure.storage.blob import BlobServiceClient

from local import tables
from local.child import TAIL_LINES
from local.clients import HostClient, SimulatorClient, SourceStatus
from local.exported import DATA, Containers
from local.proof import Finding, examine
from local.screen import Screen
from local.stack import TENANT, Stack
from local.world import DAILY, INCREMENTAL, World

FOLDER: Final = Path(".local", "demo")
"""Gets the logs and a copy of the blobs; emptied by the next run."""

_SOURCES: Final = (*INCREMENTAL, *DAILY)
_POLL_S: Final = 0.1
_PATIENCE_S: Final = 120.0
"""How long nothing may move before the demo gives up; a day of a busy tenant takes seconds."""


class Unfinished(Exception):
    """The export did not come to its end; the message says why."""


def run(world: World, screen: Screen, *, crash: bool = False) -> int:
    """Show it, and return the exit status: 0 only if everything is there, once, and proved.

    Args:
        world: what Graph has.
        screen: where it is shown.
        crash: whether the host is killed in the middle of it.

    Raises:
        ChildFailed: the stack did not start.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    screen.title("Microsoft Graph's security data in blobs: no revision lost, none doubled")
    stack = world.stack(FOLDER / "logs", host_options=("--no-timers",))
    with ExitStack() as running:
        with screen.step("Starting", "Azurite, a simulated Graph and the function app are running"):
            running.enter_context(stack)
        try:
            problems = _Demo(world, stack, screen, crash=crash).run()
        except (Unfinished, requests.RequestException) as error:
            problems = [str(error)]
    if problems:
        screen.title(f"The end of {stack.host.log}")
        screen.say(_tail(stack.host.output()))
    return conclude(problems, screen)


def conclude(problems: list[str], screen: Screen) -> int:
    """The last words, and the exit status that goes with them."""
    for problem in problems:
        screen.failure(problem)
    if problems:
        return 1
    screen.success("every revision is in a blob, none is lost, none doubled, and the manifests prove it.")
    return 0


def _tail(log: str) -> str:
    """The last lines, but for those that tell of the demo's own questions."""
    return "\n".join([line for line in log.splitlines() if "Executed status: ok" not in line][-TAIL_LINES:])


class _Demo:
    """The acts of the demo, on a stack that runs."""

    def __init__(self, world: World, stack: Stack, screen: Screen, *, crash: bool) -> None:
        self._crash = crash
        self._world = world
        self._stack = stack
        self._screen = screen
        self._host = HostClient(stack.host_url)
        self._simulator = SimulatorClient(stack.simulator.url)

    def run(self) -> list[str]:
        """All acts; what is wrong, in words.

        Raises:
            Unfinished: the export stands still or failed.
            RequestException: the host or the simulator does not answer.
        """
        self._simulator.lift_throttle()
        self._screen.say("  Graph's limit of 150 requests a minute is lifted here, or you would mostly watch it wait.")
        seconds = self._export_history()
        self._export_changes()
        findings = self._examine()
        self._show(findings, seconds)
        return [problem for finding in findings for problem in finding.problems()]

    def _export_history(self) -> dict[str, float]:
        """The first export, as timers would start it; how many seconds each source took."""
        totals = {source: len(self._simulator.truth(source)) for source in _SOURCES}
        self._screen.title(f"Exporting {self._world.days} days of history")
        asked, began = datetime.now(UTC), time.monotonic()
        for timer in ("export_alerts", "export_secure_scores"):
            self._host.fire(timer)
        seconds: dict[str, float] = {}
        with self._screen.bars(totals) as bars:
            for status in self._until_complete(_SOURCES, asked):
                if self._crash and status["alerts_v2"].records > totals["alerts_v2"] // 3:
                    self._kill_host()
                for source in _SOURCES:
                    bars.show(source, status[source].records)
                    if status[source].complete_since(asked) and source not in seconds:
                        seconds[source] = time.monotonic() - began
                        bars.stop(source)
        return seconds

    def _kill_host(self) -> None:
        """End the host as a crash would; a new one goes on once the dead one's leases have run out."""
        self._crash = False
        self._stack.kill_host()
        self._screen.say(
            "  The host is killed (SIGKILL). A new one starts, and has to wait a minute for the old one's leases."
        )
        self._stack.start_host()
        for source in _SOURCES:
            self._host.request_export(source)

    def _export_changes(self) -> None:
        """Some records change, and a person asks for the news."""
        changed = self._world.change(self._simulator)
        asked = datetime.now(UTC)
        with self._screen.step(
            f"{changed:,} records change in Graph",
            f"{changed:,} records changed in Graph, and the changes are in blobs",
        ):
            for source in INCREMENTAL:
                self._host.request_export(source)
            for _ in self._until_complete(INCREMENTAL, asked):
                pass

    def _until_complete(self, sources: tuple[str, ...], asked: datetime) -> Iterator[Mapping[str, SourceStatus]]:
        """Yield the status again and again; the last one has everything that was in Graph before ``asked``."""
        moved, before = time.monotonic(), None
        while True:
            status = self._host.status(TENANT)
            yield status
            failures = [f"{source}: {status[source].failure}" for source in sources if status[source].failure]
            missing = [source for source in sources if not status[source].complete_since(asked)]
            if failures:
                raise Unfinished("; ".join(failures))
            if not missing:
                return
            if status != before:
                moved, before = time.monotonic(), status
            if time.monotonic() - moved > _PATIENCE_S:
                raise Unfinished(f"{', '.join(missing)}: nothing has moved for {_PATIENCE_S:.0f} s")
            time.sleep(_POLL_S)

    def _examine(self) -> list[Finding]:
        """Read storage over, and hold it against the simulator's truth."""
        account = BlobServiceClient.from_connection_string(self._stack.azurite.connection_string)
        with (
            self._screen.step("Counting over", "All blobs read over and compared with Graph, revision by revision"),
            Containers(account, FOLDER) as containers,
        ):
            return [examine(source, self._simulator.truth(source), containers.read(source)) for source in _SOURCES]

    def _show(self, findings: list[Finding], seconds: Mapping[str, float]) -> None:
        of = {finding.source: finding for finding in findings}
        self._screen.table(tables.by_source(findings, seconds))
        self._screen.table(tables.by_product(of["alerts_v2"], of["alerts"]))
        blobs = FOLDER / DATA / "alerts_v2"
        self._screen.title("Look for yourself")
        self._screen.fields(
            {
                "Blobs": f"{FOLDER / DATA}/",
                "DuckDB": f""".venv/bin/python -c "import duckdb; duckdb.read_json('{blobs}/**/*.gz').show()\"""",
                "Logs": f"{FOLDER / 'logs'}/",
                "Kill it midway": "make demo ARGS=--crash",
                "Keep it running": "make serve",
            }
        )
