"""A whole deployment in memory, with workers that can be killed or paused."""

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from threading import Event, Thread
from typing import Any

from shared import instants
from shared.errors import AppError
from shared.export import job as export_job
from shared.export import jobs, names
from shared.export.checkpoint import Checkpoint, decode
from shared.export.edges import Edges, Rules
from shared.export.jobs import Asker, Days, Job
from shared.graph.answers import Answer
from shared.graph.client import GraphClient
from shared.graph.sources import SOURCES
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.fakes.memory_queue import MemoryQueue
from tests.simulated import TENANT, InlineExecutor, SimulatedTokens, SimulatedTransport, graph_at

RULES = Rules(
    lookback_days=2,
    overlap=60 * instants.MINUTE,
    concurrency=3,
    budget_s=480,
    bell_interval=15 * instants.SECOND,
)

type Step = Callable[[str], None]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, not even a ``finally``."""


class World:
    """Everything outside the app, and what it can be asked afterwards."""

    def __init__(self, source: str = "alerts_v2", rules: Rules = RULES) -> None:
        self.source = source
        self.rules = rules
        self.clock = FakeClock()
        self.graph = graph_at(self.clock)
        self.records = self.graph.tenants[TENANT][source]
        self.data = MemoryBlobs(self.clock)
        self.state = MemoryBlobs(self.clock)
        self.jobs = MemoryQueue(self.clock)
        self.per_minute = 1_000_000
        """Requests to Graph."""
        self.answer_s = 0.1
        """How long Graph takes to answer."""
        self.unreachable = False
        """Whether no answer comes at all, until whoever asks has waited for as long as it would."""
        self.lose: list[str] = []
        """Operations whose next answer gets lost, so that the client sends them again."""

    @property
    def now(self) -> int:
        """The present instant."""
        return instants.from_datetime(self.clock.now())

    def create(self, ago_s: float = 0, **more: Any) -> str:
        """A record whose cursor lies so many seconds in the past."""
        return self.records.create(instants.to_text(self.now - int(ago_s * instants.SECOND)), **more)

    def update(self, record: str) -> None:
        """A new revision, now."""
        self.records.update(record, instants.to_text(self.now))

    def job(self, asked_by: Asker = "tick", since: date | None = None) -> Job:
        """A message for the source."""
        return Job(asked_by=asked_by, source=self.source, tenant=TENANT, since=since)

    def comparison(self, asked_by: Asker = "tick", back: int = 3, to_back: int = 0) -> Job:
        """A message that asks to compare the last days with Graph."""
        today = self.clock.now().date()
        days = Days(first=today - timedelta(days=back), last=today - timedelta(days=to_back))
        return Job(asked_by=asked_by, source=self.source, tenant=TENANT, reconcile=days)

    def close_days(self, days: int = 2) -> None:
        """Let days pass in which nothing comes, so that no scan can read any more what was there before."""
        for _ in range(days):
            self.clock.advance(86_400)
            self.run()

    def run(self, job: Job | None = None, step: Step | None = None) -> None:
        """Do one job as a worker of its own; ``step`` is called at every touch of the world."""
        export_job.run(job or self.job(), self._edges(step or (lambda _: None)), self.rules)

    def deliver(self, most: int = 20) -> None:
        """Let workers take what is visible in the queue."""
        for _ in range(most):
            text = self.jobs.receive()
            if text is None:
                return
            self.run(jobs.decode(text))

    def _edges(self, step: Step) -> Edges:
        transport = SteppedTransport(self, step)
        client = GraphClient(self.graph.base_url, SimulatedTokens(self.graph), transport, self.clock, self.per_minute)
        return Edges(
            graph=client,
            data=Stepped(self.data, step, self.lose),
            state=Stepped(self.state, step, self.lose),
            jobs=Stepped(self.jobs, step, self.lose),
            clock=self.clock,
            pool=lambda _: InlineExecutor(),
            keep_alive=lambda _: nullcontext(),
        )

    # What lies in storage afterwards

    def checkpoint(self) -> Checkpoint:
        """The checkpoint as it lies."""
        name = names.checkpoint(self.source, TENANT)
        stored = self.state.read(name)
        assert stored
        return decode(stored.data, name)

    def lines(self) -> Iterator[bytes]:
        """All lines of all blobs."""
        for name in self.data.names(""):
            data = b"".join(self.data.chunks(name))
            yield from (zlib.decompress(data, 31) if name.endswith(".gz") else data).splitlines()

    def exported(self) -> Counter[tuple[str, str]]:
        """Every exported revision, counted."""
        cursor = SOURCES[self.source].cursor or "lastModifiedDateTime"
        found = (json.loads(line) for line in self.lines())
        return Counter((record["id"], record[cursor]) for record in found)

    def revisions(self) -> set[tuple[str, str]]:
        """Every revision that ever was."""
        return {(revision.id, revision.at) for revision in self.records.revisions()}

    def current(self) -> set[tuple[str, str]]:
        """What Graph shows now."""
        return {(revision.id, revision.at) for revision in self.records.current()}

    def check_chain(self) -> None:
        """Manifests and blobs belong together one to one, in a chain without a fork, and windows join without a gap.

        What was filled in later is numbered from 1 on in each day, and lies where no scan reads any more.
        """
        manifests = {name: self.state.read(name) for name in self.state.names("manifests/")}
        by_hash = {sha256(m.data).hexdigest(): json.loads(m.data) for m in manifests.values() if m}
        by_name = {name: m.data for name, m in manifests.items() if m}
        head, name, seen = self.checkpoint().chain, self.checkpoint().last, []
        while head:
            manifest = by_hash.pop(head)
            assert name
            assert json.loads(by_name[name]) == manifest, "the name leads to another manifest than the digest"
            seen.append(manifest)
            head, name = manifest["previous"], manifest["previous_name"]
        assert name is None
        assert not by_hash, "a manifest outside the chain"
        blobs = {name: b"".join(self.data.chunks(name)) for name in self.data.names("")}
        assert sorted(manifest["blob"] for manifest in seen) == sorted(blobs)
        for manifest in seen:
            assert manifest["sha256"] == sha256(blobs[manifest["blob"]]).hexdigest()
            assert manifest["bytes"] == len(blobs[manifest["blob"]])
        if "read_start" in (seen[0]["window"] if seen else {}):
            filled = [m for m in seen if "reconcile" in m]
            windows = sorted((m["window"]["start"], m["window"]["end"]) for m in seen if m not in filled)
            for folder, numbers in _numbers(manifest["blob"] for manifest in reversed(filled)).items():
                assert numbers == list(range(1, len(numbers) + 1)), folder
            assert all(m["window"]["end"] <= self.checkpoint().lanes["live"].keys_from for m in filled)
            assert windows[0][0] == self.checkpoint().first_start
            assert all(a[1] == b[0] for a, b in pairwise(windows))
            assert windows[-1][1] == self.checkpoint().lanes["live"].watermark


def _numbers(filled: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of the blobs that were filled in, in the order of writing, by day."""
    numbers: dict[str, list[int]] = {}
    for name in filled:
        folder, _, last = name.rpartition("/")
        numbers.setdefault(folder, []).append(int(last.removeprefix("reconcile-").removesuffix(".ndjson.gz")))
    return numbers


@dataclass
class Stepped:
    """Calls ``step`` before and after every operation of what it wraps; an answer may get lost in between."""

    inner: Any
    step: Step
    lose: list[str]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.step(f"before {name}")
            result = method(*args, **kwargs)
            if name in self.lose:
                self.lose.remove(name)
                result = method(*args, **kwargs)
            if name == "lease" and result is not None:
                result = Stepped(result, self.step, self.lose)
            self.step(f"after {name}")
            return result

        return stepped if callable(method) else method


@dataclass
class SteppedTransport:
    """The same for requests to Graph."""

    world: World
    step: Step

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
    ) -> Answer:
        self.step("before request")
        world = self.world
        if world.unreachable:
            world.clock.advance(timeout_s)
            raise ConnectionError("no answer")
        return SimulatedTransport(world.graph, world.clock, world.answer_s).send(method, url, headers, body)


@dataclass
class At:
    """The n-th time that a worker does ``what``, such as ``before commit``; the n-th touch at all where it is empty."""

    what: str
    n: int

    def reached(self, what: str) -> bool:
        """Count, and tell."""
        if self.what in ("", what):
            self.n -= 1
        return self.n <= 0


@dataclass
class KilledAt:
    """A step function: the worker dies there, and does nothing any more."""

    at: At

    def __call__(self, what: str) -> None:
        if self.at.reached(what):
            raise Killed


@dataclass
class Paused:
    """A worker on a thread of its own that stands still there until it is resumed."""

    world: World
    job: Job
    at: At
    resumed: bool = False
    error: BaseException | None = None
    _paused: Event = field(default_factory=Event)
    _resume: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> "Paused":
        """Run as far as that, or to the end."""
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._paused.wait()
        return self

    def resume(self) -> None:
        """Run on to the end."""
        self._resume.set()
        assert self._thread
        self._thread.join()
        if self.error and not isinstance(self.error, AppError):
            raise self.error

    def _run(self) -> None:
        try:
            self.world.run(self.job, self._step)
        except BaseException as error:  # noqa: BLE001  told by ``resume``
            self.error = error
        finally:
            self._paused.set()

    def _step(self, what: str) -> None:
        if not self.resumed and self.at.reached(what):
            self.resumed = True
            self._paused.set()
            self._resume.wait()


def with_rules(world: World, **changes: Any) -> None:
    """Restart the app with other settings."""
    world.rules = replace(world.rules, **changes)
