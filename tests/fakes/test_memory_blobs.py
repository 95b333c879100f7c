"""What ``MemoryBlobs`` can do beyond the contract: time, hooks and crashes."""

import pytest

from shared.errors import StorageConflict
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.fakes.memory_queue import MemoryQueue


def test_a_lease_ends_by_the_clock() -> None:
    """It is held until its last moment and free from then on; renewing starts its time anew."""
    clock = FakeClock()
    blobs = MemoryBlobs(clock)
    blobs.create("state", b"")
    lease = blobs.lease("state", 20)
    assert lease is not None
    clock.advance(19)
    lease.renew()
    clock.advance(19)
    assert blobs.lease("state", 20) is None
    clock.advance(1)
    assert blobs.lease("state", 20) is not None


def test_an_expired_lease_revives_unless_the_blob_was_written() -> None:
    """As on Azure: renewal works after the end as long as nobody leased or wrote the blob since."""
    clock = FakeClock()
    blobs = MemoryBlobs(clock)
    blobs.create("state", b"")
    lease = blobs.lease("state", 15)
    assert lease is not None
    clock.advance(15)
    lease.renew()
    clock.advance(15)
    blobs.put("state", b"written")
    with pytest.raises(StorageConflict):
        lease.renew()


def test_create_passes_over_staged_blocks() -> None:
    """An uncommitted blob does not exist, and its blocks are discarded (Azurite differs: BlobAlreadyExists)."""
    blobs = MemoryBlobs(FakeClock())
    blobs.stage("window", "run1", b"crashed")
    blobs.create("window", b"")
    assert list(blobs.chunks("window")) == []


def test_hooks_see_every_operation_and_may_call_back() -> None:
    """They run outside the lock, so that a test lets another worker act in between."""
    seen: list[tuple[str, str]] = []
    blobs = MemoryBlobs(FakeClock())

    def steal(operation: str, name: str) -> None:
        seen.append((operation, name))
        if operation == "commit":
            blobs.put(name, b"stolen")

    blobs.before = steal
    blobs.stage("window", "run1", b"mine")
    with pytest.raises(StorageConflict):
        blobs.commit("window", ["run1"], {})
    assert seen == [("stage", "window"), ("commit", "window"), ("put", "window")]


def test_raising_before_or_after_loses_request_or_answer() -> None:
    """What raised in ``before`` did not happen; what raised in ``after`` did."""

    def crash(operation: str, name: str) -> None:
        raise ConnectionError(f"{operation} {name}")

    blobs = MemoryBlobs(FakeClock(), before=crash)
    with pytest.raises(ConnectionError):
        blobs.create("state", b"")
    blobs.before, blobs.after = None, crash
    with pytest.raises(ConnectionError):
        blobs.create("state", b"")
    blobs.after = None
    assert blobs.read("state") is not None


def test_queue_shows_messages_when_their_delay_is_over() -> None:
    """The one that has been visible longest comes first, and each comes once."""
    clock = FakeClock()
    queue = MemoryQueue(clock)
    queue.send("later", delay_s=10)
    queue.send("now")
    assert [queue.receive(), queue.receive()] == ["now", None]
    clock.advance(10)
    assert [queue.receive(), queue.receive()] == ["later", None]
