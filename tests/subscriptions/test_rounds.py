"""Many tenants' subscriptions: each gets its turn, none waits for another, and Graph's limit is kept."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.subscriptions import rounds
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import InlineExecutor


def ids(count: int) -> list[str]:
    return [f"{n:06}" for n in range(count)]


class Looking:
    """Looks after tenants, each in so many seconds, and remembers when it began."""

    def __init__(self, seconds: float = 0.1) -> None:
        self.clock = FakeClock()
        self.blobs = MemoryBlobs(self.clock)
        self.seconds = seconds
        self.began: list[tuple[float, str]] = []

    def maintain(self, tenant: str) -> None:
        self.began.append((self.clock.monotonic(), tenant))
        self.clock.advance(self.seconds)

    def round(self, tenants: list[str]) -> list[str]:
        before = len(self.began)
        rounds.run(tenants, self.maintain, self.blobs, self.clock, InlineExecutor())
        return [tenant for _, tenant in self.began[before:]]


def test_few_tenants_are_looked_after_in_one_round() -> None:
    """All of them at every tick, and nothing is written for it."""
    looking = Looking()
    for _ in range(2):
        assert looking.round(ids(30)) == ids(30)
    assert list(looking.blobs.names("")) == []


def test_graph_s_limit_over_all_tenants_is_kept() -> None:
    """40 lists in 20 s; a round stays below, and spends its time."""
    looking = Looking()
    looking.round(ids(5000))
    began = [at for at, _ in looking.began]
    assert all(later - earlier > 19.999 for earlier, later in zip(began, began[36:], strict=False))
    assert len(began) > 600
    assert began[-1] <= rounds.BUDGET_S


def test_a_round_goes_on_where_the_last_one_stopped() -> None:
    """Each of 2,000 tenants has its turn before any has a second one."""
    looking = Looking()
    turns: Counter[str] = Counter()
    for _ in range(3):
        turns.update(looking.round(ids(2000)))
    assert set(turns) == set(ids(2000))
    assert max(turns.values()) - min(turns.values()) <= 1


def test_a_thousand_tenants_take_two_ticks() -> None:
    """The alarm for subscriptions that nobody looks after waits for three hours."""
    looking = Looking()
    assert set(looking.round(ids(1000))) | set(looking.round(ids(1000))) == set(ids(1000))


@given(st.sets(st.sampled_from(ids(20))), st.sampled_from(["", *ids(25)]))
def test_nobody_is_left_out_when_the_list_changes(tenants: set[str], first: str) -> None:
    """The tenant that was to be next may be gone; whoever comes is in the order."""
    ordered = rounds.order(tenants, first)
    assert sorted(ordered) == sorted(tenants)
    if any(tenant >= first for tenant in tenants):
        assert ordered[0] == min(tenant for tenant in tenants if tenant >= first)


def test_one_that_fails_unexpectedly_keeps_no_other_from_its_turn() -> None:
    """It is raised in the end, so that the invocation fails and tells."""
    looking = Looking()

    def maintain(tenant: str) -> None:
        looking.maintain(tenant)
        if tenant == "000003":
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        rounds.run(ids(10), maintain, looking.blobs, looking.clock, InlineExecutor())
    assert len(looking.began) == 10


def test_slow_tenants_run_beside_the_others() -> None:
    """As many as there are places but one stand still, and the rest is looked after all the same."""
    from threading import Event

    looking, go_on = Looking(), Event()
    slow = set(ids(rounds.AT_ONCE - 1))
    left = 30 - len(slow)
    done: list[str] = []

    def maintain(tenant: str) -> None:
        if tenant in slow:
            assert go_on.wait(30)
            return
        done.append(tenant)
        if len(done) == left:
            go_on.set()

    with ThreadPoolExecutor(rounds.AT_ONCE) as pool:
        rounds.run(ids(30), maintain, looking.blobs, looking.clock, pool)
    assert len(done) == left


def test_an_altered_note_costs_an_hour_at_most() -> None:
    """The round begins anew."""
    looking = Looking()
    looking.blobs.put(rounds.NAME, b"oops")
    assert looking.round(ids(3)) == ids(3)
