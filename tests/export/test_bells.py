"""Bells alone, and no tick: whatever a bell was rung for is exported once the queue is empty, by few scans."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import AppError
from shared.export import jobs
from tests.export.test_schedules import _moment
from tests.export.world import At, Killed, KilledAt, Paused, Step, World

RETRIED_AFTER_S = 30
"""host.json's visibilityTimeout."""
DEAD_AFTER_S = 600
"""When a message of a worker that died shows again."""


@dataclass
class Queue:
    """The host's side of the queue: a failed message comes back, one of a dead worker too."""

    world: World
    paused: list[tuple[Paused, str]] = field(default_factory=list)
    rung: set[tuple[str, str]] = field(default_factory=set)

    def bell(self, number: int) -> None:
        self.world.create(1 + number % 60)
        self.rung = self.world.current()
        self.world.jobs.send(jobs.encode(self.world.job("bell")))

    def wait(self, number: int) -> None:
        self.world.clock.advance((0.5, 1, 5, 14, 16, 61)[number % 6])

    def deliver(self, _: int) -> None:
        self.take()

    def kill(self, number: int) -> None:
        self.take(KilledAt(_moment(number)))

    def tick_dies(self, number: int) -> None:
        with suppress(Killed, AppError):
            self.world.run(self.world.job("tick"), KilledAt(_moment(number)))

    def pause(self, number: int) -> None:
        if len(self.paused) < 2 and (text := self.world.jobs.receive()):
            self.paused.append((Paused(self.world, jobs.decode(text), _moment(number)).start(), text))

    def resume(self, number: int) -> None:
        if self.paused:
            worker, text = self.paused.pop(number % len(self.paused))
            worker.resume()
            if worker.error:
                self._again(text, RETRIED_AFTER_S)

    def take(self, step: Step | None = None) -> bool:
        """Work on one message; whether there was one."""
        text = self.world.jobs.receive()
        if text is None:
            return False
        try:
            self.world.run(jobs.decode(text), step)
        except AppError:
            self._again(text, RETRIED_AFTER_S)
        except Killed:
            self._again(text, DEAD_AFTER_S)
        return True

    def drain(self) -> int:
        """Work until the queue is empty; how many messages that took."""
        taken = 0
        while self.world.jobs.messages:
            if self.take():
                taken += 1
                assert taken < 60, "bells for ever"
            else:
                due = min(at for at, _ in self.world.jobs.messages)
                self.world.clock.advance((due - self.world.clock.now()).total_seconds())
        return taken

    def _again(self, text: str, seconds: int) -> None:
        self.world.jobs.messages.append((self.world.clock.now() + timedelta(seconds=seconds), text))


STEPS = ["bell", "wait", "deliver", "kill", "tick_dies", "pause", "resume"]


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from([*STEPS, "bell", "wait", "deliver", "deliver"]), st.integers(0, 999)),
        min_size=4,
        max_size=25,
    )
)
def test_no_bell_is_lost(steps: list[tuple[str, int]]) -> None:
    """Workers die and stand still, ticks die and do not come again: the last bell's records are exported."""
    world = World()
    world.create(100)
    world.run()
    world.clock.advance(60)
    queue = Queue(world)
    for name, number in steps:
        getattr(queue, name)(number)
    while queue.paused:
        queue.resume(0)
    queue.drain()
    assert queue.rung <= set(world.exported())
    assert set(world.exported().values()) == {1}


def test_a_delayed_bell_whose_mark_was_seen_asks_nothing_of_graph() -> None:
    """A scan that began after the mark was left has answered it."""
    world = World()
    world.run()
    world.clock.advance(60)
    world.run(world.job("bell"))
    world.clock.advance(1)
    world.run(world.job("bell"))
    world.clock.advance(20)
    world.run()
    requests: list[object] = []
    world.graph.on_request = requests.append
    assert Queue(world).drain() == 1
    assert requests == []


def test_a_bell_that_finds_the_lease_held_outlives_the_holder() -> None:
    """The holder dies; a bell comes when its lease could have run out."""
    world = World()
    with suppress(Killed):
        world.run(step=KilledAt(At("before request", 1)))
    world.create()
    world.clock.advance(1)
    world.run(world.job("bell"))
    ((due, _),) = world.jobs.messages
    assert 59 <= (due - world.clock.now()).total_seconds() <= 61
    Queue(world).drain()
    assert len(world.exported()) == 1


class Holding(At):
    """While a worker holds the lease and has seen the mark."""

    def __init__(self) -> None:
        super().__init__("", 1)

    def reached(self, what: str) -> bool:
        return what in ("before request", "before release")


def test_bells_that_come_together_die_out() -> None:
    """Delayed bells of the same moment, worked on two at a time, do not ask for ever more of their kind."""
    world = World()
    world.run()
    world.clock.advance(60)
    for _ in range(10):
        world.jobs.send(jobs.encode(world.job("delayed bell")))
    taken = 0
    while world.jobs.messages:
        text = world.jobs.receive()
        if text is None:
            due = min(at for at, _ in world.jobs.messages)
            world.clock.advance((due - world.clock.now()).total_seconds())
            continue
        workers = [Paused(world, jobs.decode(text), Holding()).start()]
        if other := world.jobs.receive():  # finds the lease held, and leaves a mark before it tries once more
            workers.append(Paused(world, jobs.decode(other), At("before lease", 2)).start())
        for worker in workers:
            worker.resume()
        taken += len(workers)
        assert taken < 100, "bells for ever"
