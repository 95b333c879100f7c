"""The demo: a month of alerts is exported, some change, Graph tells of one by webhook, and all is counted over."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import requests
from azure.storage.blob import BlobServiceClient

from local import tables
from local.child import TAIL_LINES
from local.clients import HostClient, SimulatorClient, SourceStatus
from local.exported import DATA, Arrivals, Containers
from local.proof import Finding, examine
from local.screen import Screen
from local.stack import TENANT, Stack
from local.world import DAILY, INCREMENTAL, World

FOLDER: Final = Path(".local", "demo")
"""Gets the logs and a copy of the blobs; emptied by the next run."""

REPORT: Final = FOLDER / "report.html"

_SOURCES: Final = (*INCREMENTAL, *DAILY)
_POLL_S: Final = 0.1
_LOOK_S: Final = 0.02
_PATIENCE_S: Final = 120.0
"""How long nothing may move before the demo gives up; a day of a busy tenant takes seconds."""
_WEBHOOK_S: Final = 20.0
"""How long a change may take from Graph to its blob, and a subscription to be made."""
_INTERVAL_S: Final = 1
"""BELL_INTERVAL_SECONDS: nobody shall watch the demo wait for the end of the usual 15 s."""


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
    settings = {"BELL_INTERVAL_SECONDS": str(_INTERVAL_S)}
    stack = world.stack(FOLDER / "logs", settings=settings, host_options=("--no-timers",))
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


def _wait(look: Callable[[], object], otherwise: str) -> None:
    """Look until it is true.

    Raises:
        Unfinished: it did not become so in time.
    """
    deadline = time.monotonic() + _WEBHOOK_S
    while not look():
        if time.monotonic() > deadline:
            raise Unfinished(f"{otherwise} within {_WEBHOOK_S:.0f} s")
        time.sleep(_LOOK_S)


class _Demo:
    """The acts of the demo, on a stack that runs."""

    def __init__(self, world: World, stack: Stack, screen: Screen, *, crash: bool) -> None:
        self._crash = crash
        self._world = world
        self._stack = stack
        self._screen = screen
        self._host = HostClient(stack.host_url)
        self._simulator = SimulatorClient(stack.simulator.url)
        self._account = BlobServiceClient.from_connection_string(stack.azurite.connection_string)

    def run(self) -> list[str]:
        """All acts; what is wrong, in words.

        Raises:
            Unfinished: the export stands still or failed.
            RequestException: the host or the simulator does not answer.
        """
        with self._account:
            return self._acts()

    def _acts(self) -> list[str]:
        self._simulator.lift_throttle()
        self._world.spoil_scores(self._simulator)
        self._screen.say("  Graph's limit of 150 requests a minute is lifted here, or you would mostly watch it wait.")
        seconds = self._export_history()
        self._export_changes()
        self._subscribe()
        self._export_notified()
        findings = self._examine()
        self._render()
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

    def _subscribe(self) -> None:
        """Let the app subscribe to alerts, as its timer would."""
        asked = datetime.now(UTC)
        with self._screen.step("Subscribing to alerts", "Graph has validated the webhooks, and will tell of alerts"):
            self._host.fire("maintain_subscriptions")
            _wait(self._simulator.subscriptions, "no subscription was made")
            # A new subscription rings the bell: its scan must not be taken for that of the notification.
            for _ in self._until_complete(("alerts_v2",), asked):
                pass
            time.sleep(_INTERVAL_S)

    def _export_notified(self) -> None:
        """One alert changes, and nobody asks but Graph."""
        arrivals, notified = Arrivals(self._account, "alerts_v2"), self._simulator.notified()
        began = time.monotonic()
        (revision,) = self._simulator.change("alerts_v2", 1, self._world.seed)
        _wait(lambda: arrivals.have(revision), "an alert changed in Graph, and no webhook brought it into a blob")
        took_ms = round((time.monotonic() - began) * 1000)
        _wait(lambda: self._simulator.notified() > notified, "an alert's blob came, and no notification")
        self._screen.done(f"An alert changed in Graph; {took_ms:,} ms later its revision was in the blob, by webhook")

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
        with (
            self._screen.step("Counting over", "All blobs read over and compared with Graph, revision by revision"),
            Containers(self._account, FOLDER) as containers,
        ):
            return [examine(source, self._simulator.truth(source), containers.read(source)) for source in _SOURCES]

    def _render(self) -> None:
        """Let the app make its report, as its timer would, and keep the page."""
        with self._screen.step("Making the report", "The report is made"):
            self._host.fire("render_report")
            _wait(self._host.report, "no report was made")
            REPORT.write_bytes(self._host.report() or b"")

    def _show(self, findings: list[Finding], seconds: Mapping[str, float]) -> None:
        of = {finding.source: finding for finding in findings}
        self._screen.table(tables.by_source(findings, seconds))
        self._screen.table(tables.by_product(of["alerts_v2"], of["alerts"]))
        blobs = FOLDER / DATA / "alerts_v2"
        self._screen.title("Look for yourself")
        self._screen.fields(
            {
                "The report": f"file://{REPORT.resolve()}",
                "Blobs": f"{FOLDER / DATA}/",
                "DuckDB": f""".venv/bin/python -c "import duckdb; duckdb.read_json('{blobs}/**/*.gz').show()\"""",
                "Logs": f"{FOLDER / 'logs'}/",
                "Kill it midway": "make demo ARGS=--crash",
                "Keep it running": "make serve",
            }
        )
