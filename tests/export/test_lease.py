"""A lease that knows whether it can still be relied on."""

from threading import Event

import pytest

from shared.clock import SystemClock
from shared.errors import StorageConflict
from shared.export import lease as module
from shared.export.lease import LEASE_S, KeptAlive, Lease
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs


class Renewals:
    """A blob's lease that counts, and may fail or take its time."""

    id = "lease-1"

    def __init__(self, clock: FakeClock | None = None, seconds: float = 0) -> None:
        self.count = 0
        self.fails = False
        self.happened = Event()
        self._clock = clock
        self._seconds = seconds

    def renew(self) -> None:
        self.count += 1
        self.happened.set()
        if self._clock:
            self._clock.advance(self._seconds)
        if self.fails:
            raise StorageConflict("lost")

    def release(self) -> None:
        pass


def test_two_workers_that_make_the_state_at_once_share_it() -> None:
    """The slower one finds it made, and the lease taken or free, as it is."""
    clock = FakeClock()
    blobs = MemoryBlobs(clock)

    def other_first(operation: str, name: str) -> None:
        if operation == "create":
            blobs.before = None
            blobs.create(name, b"of the other")

    blobs.before = other_first
    assert module.take(blobs, "state", b"mine", clock) is not None
    assert module.take(blobs, "state", b"mine", clock) is None
    stored = blobs.read("state")
    assert stored
    assert stored.data == b"of the other"


def test_a_young_lease_is_relied_on_without_a_request() -> None:
    """Checking is cheap; it happens at every page."""
    clock, renewals = FakeClock(), Renewals()
    lease = Lease(renewals, clock, clock.monotonic())
    clock.advance(19)
    lease.check()
    assert renewals.count == 0


def test_a_lease_that_was_not_renewed_in_time_is_lost() -> None:
    """Even if storage would renew it: another worker may have had it in between."""
    clock, renewals = FakeClock(), Renewals()
    lease = Lease(renewals, clock, clock.monotonic())
    clock.advance(LEASE_S - 4)
    with pytest.raises(StorageConflict, match="not renewed in time"):
        lease.check()
    assert renewals.count == 0


def test_time_counts_from_before_the_renewal() -> None:
    """The answer may take long, and the lease runs from when storage granted it."""
    clock = FakeClock()
    lease = Lease(Renewals(clock, seconds=30), clock, clock.monotonic())
    clock.advance(21)
    lease.check()
    clock.advance(26)
    with pytest.raises(StorageConflict):
        lease.check()


def test_a_slow_renewal_does_not_undo_a_later_one() -> None:
    """Several threads renew; the newest renewal counts."""
    clock, renewals = FakeClock(), Renewals()
    lease = Lease(renewals, clock, clock.monotonic())

    class Slow(Renewals):
        def renew(self) -> None:
            clock.advance(30)
            lease._lease = renewals
            lease.renew()
            clock.advance(10)

    lease._lease = Slow()
    lease.renew()
    clock.advance(20)
    lease.check()


def test_a_lost_lease_stops_the_work() -> None:
    """A renewal that storage refuses is the end."""
    clock, renewals = FakeClock(), Renewals()
    renewals.fails = True
    lease = Lease(renewals, clock, clock.monotonic())
    clock.advance(21)
    with pytest.raises(StorageConflict, match="lost"):
        lease.check()


def test_it_is_renewed_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow answer of Graph must not cost the lease; a renewal that fails is tried again."""
    monkeypatch.setattr(module, "_RENEW_EVERY_S", 0.01)
    renewals = Renewals()
    renewals.fails = True
    with KeptAlive(Lease(renewals, SystemClock(), 0)):
        assert renewals.happened.wait(10)
        renewals.fails = False
        renewals.happened.clear()
        assert renewals.happened.wait(10)
    count = renewals.count
    renewals.happened.clear()
    assert not renewals.happened.wait(0.05)
    assert renewals.count == count
