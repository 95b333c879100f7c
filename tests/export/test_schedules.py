"""Random schedules over the real modules: nothing lost, nothing doubled, whatever crashes.

A schedule is a list of things that happen: records are made (late, too) and change, also between two pages of one
read; ticks, bells and people ask; workers are killed at any touch of the world, or stand still at one and go on
as zombies; Graph throttles and fails; the app restarts with other settings. Afterwards calm is restored, and the blobs
must equal what Graph had.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local.simulator.faults import ProviderFailure, Scripted
from shared import instants
from shared.errors import AppError
from shared.export import names
from shared.export.checkpoint import decode
from shared.export.jobs import Job
from tests.export.world import At, Killed, KilledAt, Paused, World, with_rules
from tests.simulated import TENANT

LATE_S = 9 * 60
"""Late arrivals stay within the smallest overlap."""


@dataclass
class Schedule:
    """A world in which things happen, and what must be true of it."""

    world: World
    zombies: list[Paused] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    owed: set[tuple[str, str]] = field(default_factory=set)
    """Revisions that stood in Graph from the beginning to the end of a scan, or of a comparison, that finished."""
    late: set[str] = field(default_factory=set)
    """Records that came later than any overlap reaches."""
    failing: list[ProviderFailure] = field(default_factory=list)
    during: list[tuple[int, str]] = field(default_factory=list)
    """After so many more requests: ``create`` or ``update``."""
    versions: list[bytes] = field(default_factory=list)
    """Of the checkpoint, all that were written."""
    restored: bool = False

    def happen(self, name: str, number: int, other: int) -> None:
        """One step of the schedule."""
        getattr(self, name)(number, other)

    def create(self, number: int, other: int) -> None:
        for _ in range(1 + other % 4):  # ties
            self.records.append(self.world.create(number * LATE_S / 1000))

    def create_late(self, number: int, other: int) -> None:
        """Later than any overlap reaches: only a comparison finds it."""
        for _ in range(1 + other % 3):
            self.records.append(self.world.create(3600 + number * 300))
            self.late.add(self.records[-1])

    def remove(self, number: int, _: int) -> None:
        if self.records:
            self.world.records.remove(self.records.pop(number % len(self.records)))

    def update(self, number: int, _: int) -> None:
        if self.records:
            record = self.records[number % len(self.records)]
            if (record, instants.to_text(self.world.now)) not in self.world.current():
                self.world.update(record)

    def later(self, number: int, other: int) -> None:
        self.during.append((number % 12, ("create", "update", "create_late", "remove")[other % 4]))

    def wait(self, number: int, _: int) -> None:
        self.world.clock.advance((1, 5, 20, 61, 300, 3600, 30_000, 90_000)[number % 8])

    def tick(self, _: int, __: int) -> None:
        self._run(self.world.job("tick"))

    def bell(self, _: int, __: int) -> None:
        self._run(self.world.job("bell"))

    def compare(self, number: int, other: int) -> None:
        job = self._comparison(number, other)
        before, stored = self.world.current(), self._finished() is not None
        self._guard(lambda: self.world.run(job))
        result = self.world.checkpoint().reconcile
        if stored and job.id in result.jobs and not result.todo and not self.failing:
            assert job.reconcile
            days = range((job.reconcile.last - job.reconcile.first).days + 1)
            wanted = {str(job.reconcile.first + timedelta(days=n)) for n in days}
            checkpoint = self.world.checkpoint()
            start, end = checkpoint.first_start, checkpoint.lanes["live"].keys_from
            shown = before & self.world.current()
            self.owed |= {r for r in shown if start <= r[1] < end and r[1][:10] in wanted}

    def partial(self, number: int, _: int) -> None:
        failures = [ProviderFailure("Microsoft", "Microsoft Sentinel", 504), ProviderFailure("Microsoft", "IPC", 403)]
        self.failing = failures[: number % 3]
        self.world.graph.faults[self.world.source].partial = self.failing

    def person(self, number: int, _: int) -> None:
        self._run(self.world.job("person", since=date(2026, 11, 14 + number % 9)))

    def deliver(self, _: int, __: int) -> None:
        self._guard(lambda: self.world.deliver(3))

    def kill(self, number: int, other: int) -> None:
        with suppress(Killed, AppError):
            self.world.run(self._any_job(other), KilledAt(_moment(number)))

    def pause(self, number: int, other: int) -> None:
        if len(self.zombies) < 3:
            self.zombies.append(Paused(self.world, self._any_job(other), _moment(number)).start())

    def resume(self, number: int, _: int) -> None:
        if self.zombies:
            self.zombies.pop(number % len(self.zombies)).resume()

    def lose(self, number: int, _: int) -> None:
        self.world.lose.append(("commit", "replace", "create", "put", "send", "stage")[number % 6])

    def fail(self, number: int, other: int) -> None:
        status = (429, 500, 502, 503, 504)[other % 5]
        script = [Scripted(status, retry_after="3" if status == 429 else None, reset=number % 7 == 0)]
        self.world.graph.faults[self.world.source].script = script * (1 + number % 6)

    def restart(self, number: int, other: int) -> None:
        overlap = (10, 60, 1440)[number % 3] * instants.MINUTE
        with_rules(self.world, overlap=overlap, concurrency=1 + other % 4, budget_s=(0.3, 1.5, 480)[other % 3])

    def restore(self, number: int, _: int) -> None:
        """An older version of the checkpoint is put back, one that a window came after if anything did."""
        if not self.versions:
            return
        world, now, data = self.world, self.world.checkpoint(), self.versions[-1 - number % len(self.versions)]
        older = decode(data, "")
        next_one = names.manifest(world.source, TENANT, older.lanes["live"].at())
        if now.reconcile.filling is None and (older.chain == now.chain or world.state.read(next_one)):
            with suppress(AppError):  # a worker is at it
                world.state.put(names.checkpoint(world.source, TENANT), data)
                self.restored = True

    def remember(self, operation: str, name: str) -> None:
        if operation == "replace" and name.startswith("checkpoints/") and (stored := self.world.state.read(name)):
            self.versions.append(stored.data)

    def request(self, _: object) -> None:
        """What happens while Graph is being read."""
        due, self.during = [w for n, w in self.during if n == 0], [(n - 1, w) for n, w in self.during if n]
        for what in due:
            getattr(self, what)(len(self.records), 0)

    def _comparison(self, number: int, other: int) -> Job:
        return self.world.comparison(("tick", "person")[other % 2], number % 5, number % 5 // 2)

    def _any_job(self, number: int) -> Job:
        if number % 3 == 1:
            return self._comparison(number * 7, number)
        return self.world.job(("tick", "bell", "person")[number % 3], date(2026, 11, 18) if number % 5 == 4 else None)

    def _run(self, job: Job) -> None:
        before, began = self.world.current(), instants.to_text(self.world.now)
        seen = self._finished()
        self._guard(lambda: self.world.run(job))
        if self._finished() != seen and self.world.checkpoint().lanes["live"].watermark == began:
            start = self.world.checkpoint().first_start
            read = instants.to_text(instants.from_text(began) - LATE_S * instants.SECOND)
            if not self.failing:
                self.owed |= {r for r in before & self.world.current() if max(start, read) <= r[1] < began}

    def _finished(self) -> str | None:
        stored = list(self.world.state.names("checkpoints/"))
        return self.world.checkpoint().scan_finished if stored else None

    @staticmethod
    def _guard(work: Any) -> None:
        with suppress(AppError):
            work()

    def calm_down(self) -> None:
        """Everybody finishes, faults end, leases run out, and ticks and bells come as they always do."""
        self.during = []
        self.world.lose.clear()
        self.world.graph.faults[self.world.source].script = []
        while self.zombies:
            self.zombies.pop().resume()
        with_rules(self.world, budget_s=480)
        if self.failing:  # a comparison that meets them takes nothing from their gaps
            self.world.clock.advance(2 * 86_400)
            self.world.run()
            self._to_its_end(self.world.comparison())
            self.world.graph.faults[self.world.source].partial = []
        for _ in range(3):
            self.world.clock.advance(70)
            self.world.run()
            self.world.deliver()
        self._compare_all()

    def _compare_all(self) -> None:
        """Days go by until no scan, and no daily comparison but for a gap's sake, reads any more what was there."""
        for _ in range(5):
            self.world.clock.advance(86_400)
            self.world.run()
            self.world.deliver()
        start = self.world.checkpoint().first_start
        self._to_its_end(self.world.comparison())
        assert self.world.checkpoint().gaps == []
        in_time = {revision for revision in self.world.current() if revision[0] not in self.late}
        # An older checkpoint may not know of a gap that was found since.
        assert self.restored or {revision for revision in in_time if revision[1] >= start} <= set(self.world.exported())
        back = (self.world.clock.now().date() - instants.to_date(instants.from_text(start))).days
        self._to_its_end(self.world.comparison("person", back))

    def _to_its_end(self, job: Job) -> None:
        self.world.run(job)
        while self.world.jobs.messages:
            self.world.clock.advance(20)
            self.world.deliver()

    def check(self) -> None:
        """Nothing lost, nothing doubled, nothing invented, and a chain that proves it."""
        world = self.world
        exported = world.exported()
        assert [revision for revision, count in exported.items() if count > 1] == []
        assert set(exported) <= world.revisions()
        start = world.checkpoint().first_start
        assert {revision for revision in world.current() if revision[1] >= start} <= set(exported)
        assert self.owed <= set(exported)
        assert world.checkpoint().reconcile.todo == []
        assert world.checkpoint().reconcile.filling is None
        world.check_chain()


MOMENTS = [
    f"{when} {what}" for what in ("commit", "replace", "create", "lease", "release") for when in ("before", "after")
]
MOMENTS += [
    "before stage",
    "after put",
    "before send",
    "after send",
    "before request",
    "after properties",
    "after chunks",
]


def _moment(number: int) -> At:
    """One of the moments that matter, or any touch of the world."""
    kind, n = divmod(number, len(MOMENTS) + 8)
    return At(MOMENTS[n], 1 + kind % 4) if n < len(MOMENTS) else At("", 1 + kind * 3)


STEPS = [
    "create",
    "create_late",
    "update",
    "remove",
    "later",
    "wait",
    "tick",
    "bell",
    "person",
    "compare",
    "partial",
    "deliver",
    "kill",
    "pause",
    "resume",
    "lose",
    "fail",
    "restart",
]
WEIGHTED = [*STEPS, "create", "later", "wait", "tick", "kill", "kill", "pause", "resume", "resume", "compare"]


def _schedules(steps: list[str], most: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Such schedules, so many of them."""
    given_ = given(
        source=st.sampled_from(["alerts_v2", "alerts_v2", "alerts"]),
        history=st.lists(st.integers(0, 10 * 86_400), max_size=12),
        clamp=st.sampled_from([None, 1, 2, 3, 5]),
        steps=st.lists(
            st.tuples(st.sampled_from(steps), st.integers(0, 999), st.integers(0, 9)), min_size=6, max_size=30
        ),
    )
    return lambda test: settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck))(
        given_(test)
    )


@_schedules(WEIGHTED, 1000)
@example(  # keys of a found blob must be complete from the whole minute on
    source="alerts_v2",
    history=[],
    clamp=None,
    steps=[("create", 0, 0), ("wait", 0, 0), ("wait", 5, 0), ("lose", 0, 0), ("tick", 0, 0), ("restart", 212, 0)],
)
def test_nothing_is_lost_and_nothing_doubled(
    source: str, history: list[int], clamp: int | None, steps: list[tuple[str, int, int]]
) -> None:
    """Any schedule ends with the blobs that a calm run would have made of it."""
    _go_through(source, history, clamp, steps)


@_schedules([*WEIGHTED, *["restore", "tick", "person", "compare"] * 2], 300)
@example(  # of history that is half filled, the last record's instant is read again: its key must be known
    source="alerts_v2",
    history=[0],
    clamp=None,
    steps=[
        ("create", 1, 0),
        ("create_late", 709, 0),
        ("restart", 0, 0),
        ("tick", 0, 0),
        ("person", 0, 0),
        ("restore", 3, 0),
    ],
)
def test_nor_where_an_older_checkpoint_is_put_back(
    source: str, history: list[int], clamp: int | None, steps: list[tuple[str, int, int]]
) -> None:
    """It finds again what was written after it, and its chain goes on there."""
    _go_through(source, history, clamp, steps)


def _go_through(source: str, history: list[int], clamp: int | None, steps: list[tuple[str, int, int]]) -> None:
    world = World(source)
    world.graph.faults[source].max_top = clamp
    schedule = Schedule(world)
    schedule.records = [world.create(ago) for ago in history]
    world.graph.on_request = schedule.request
    world.state.after = schedule.remember
    for name, number, other in steps:
        schedule.happen(name, number, other)
    schedule.calm_down()
    schedule.check()
