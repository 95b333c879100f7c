"""The contract of ``Blobs``: the same tests over the one in memory and the one on Azure Storage."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient

from shared.errors import StorageConflict
from shared.storage.azure_blobs import AzureBlobs, by_connection_string
from shared.storage.blobs import BlobLease, Blobs, Properties, Stored
from tests.conftest import Storage
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs

WINDOW = "alerts_v2/tenant=1/date=2026-11-23/20261123T041500.000000Z.ndjson.gz"
STATE = "checkpoints/alerts_v2/1.json"
METADATA = {"records": "2", "window_start": "2026-11-23T04:15:00.000000Z", "partial": ""}


@dataclass(frozen=True)
class Container:
    """One container under test, and what lets a lease on a blob of it run out."""

    blobs: Blobs
    lose_lease: Callable[[str], None]


def memory_container() -> Container:
    clock = FakeClock()
    return Container(MemoryBlobs(clock), lambda _: clock.advance(60))


@pytest.fixture(params=["memory", "azurite"])
def container(request: pytest.FixtureRequest) -> Iterator[Container]:
    if request.param == "memory":
        yield memory_container()
        return
    storage: Storage = request.getfixturevalue("storage")
    with by_connection_string(storage.connection_string, storage.name("blobs")) as client:
        client.create_container()

        def break_lease(name: str) -> None:
            """A test cannot wait until a lease runs out there; broken, it is as lost to its holder."""
            BlobLeaseClient(client.get_blob_client(name)).break_lease(0)

        yield Container(AzureBlobs(client), break_lease)


@pytest.fixture
def blobs(container: Container) -> Blobs:
    return container.blobs


def taken(blobs: Blobs, name: str) -> BlobLease:
    """The lease of a blob that must be free."""
    lease = blobs.lease(name, 15)
    assert lease is not None
    return lease


def test_what_was_created_is_read_back(blobs: Blobs) -> None:
    """create returns the ETag that read and properties show."""
    etag = blobs.create(STATE, b"one", METADATA)
    assert blobs.read(STATE) == Stored(b"one", etag)
    assert blobs.properties(STATE) == Properties(3, etag, METADATA)


def test_a_missing_blob_is_none(blobs: Blobs) -> None:
    """Where there is no blob, read and properties say None."""
    assert blobs.read(STATE) is None
    assert blobs.properties(STATE) is None


def test_create_never_overwrites(blobs: Blobs) -> None:
    """The second create is a conflict that names the blob, and the first one's bytes stay."""
    blobs.create(STATE, b"one")
    with pytest.raises(StorageConflict, match=STATE):
        blobs.create(STATE, b"two")
    assert blobs.read(STATE) == Stored(b"one", etag=etag_of(blobs, STATE))


def etag_of(blobs: Blobs, name: str) -> str:
    found = blobs.properties(name)
    assert found is not None
    return found.etag


def test_replace_under_lease_and_etag(blobs: Blobs) -> None:
    """Whoever holds the lease and knows the ETag writes, as often as it likes, with the ETag it got last."""
    first = blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    second = blobs.replace(STATE, b"two", etag=first, lease_id=lease.id)
    third = blobs.replace(STATE, b"three", etag=second, lease_id=lease.id)
    assert len({first, second, third}) == 3
    assert blobs.read(STATE) == Stored(b"three", third)


def test_replace_of_a_stale_etag_is_a_conflict(blobs: Blobs) -> None:
    """The lease alone does not do: a writer that read an older state must not win."""
    stale = blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    blobs.replace(STATE, b"two", etag=stale, lease_id=lease.id)
    with pytest.raises(StorageConflict, match=STATE):
        blobs.replace(STATE, b"three", etag=stale, lease_id=lease.id)


def test_replace_under_a_foreign_lease_is_a_conflict(blobs: Blobs) -> None:
    """The ETag alone does not do while somebody else holds the lease."""
    etag = blobs.create(STATE, b"one")
    taken(blobs, STATE)
    with pytest.raises(StorageConflict, match=STATE):
        blobs.replace(STATE, b"two", etag=etag, lease_id="11111111-1111-4111-8111-111111111111")


def test_replace_under_no_lease_is_a_conflict(blobs: Blobs) -> None:
    """A lease that was given up no longer writes, though nobody else holds one."""
    etag = blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    lease.release()
    with pytest.raises(StorageConflict, match=STATE):
        blobs.replace(STATE, b"two", etag=etag, lease_id=lease.id)


def test_replace_under_a_lost_lease_is_a_conflict(container: Container) -> None:
    """A lease that ran out no longer writes, though nobody else holds one."""
    blobs = container.blobs
    etag = blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    container.lose_lease(STATE)
    with pytest.raises(StorageConflict, match=STATE):
        blobs.replace(STATE, b"two", etag=etag, lease_id=lease.id)


def test_replace_of_a_missing_blob_is_a_conflict(blobs: Blobs) -> None:
    """A blob that is gone has not the ETag that was read."""
    etag = blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    with pytest.raises(StorageConflict):
        blobs.replace("checkpoints/none.json", b"two", etag=etag, lease_id=lease.id)


def test_one_holder_at_a_time(blobs: Blobs) -> None:
    """Who finds the lease held gets None; once it is released, it is free at once."""
    blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    assert blobs.lease(STATE, 15) is None
    lease.renew()
    assert blobs.lease(STATE, 15) is None
    lease.release()
    assert taken(blobs, STATE).id != lease.id


def test_a_lost_lease_is_free_and_not_renewable(container: Container) -> None:
    """After a lease ran out another worker takes it, and the first one learns so when it renews."""
    blobs = container.blobs
    blobs.create(STATE, b"one")
    lost = taken(blobs, STATE)
    container.lose_lease(STATE)
    taken(blobs, STATE)
    with pytest.raises(StorageConflict, match=STATE):
        lost.renew()


def test_releasing_a_lost_lease_is_no_error(container: Container) -> None:
    """Giving up what is lost does nothing, to the new holder's lease neither."""
    blobs = container.blobs
    blobs.create(STATE, b"one")
    lost = taken(blobs, STATE)
    container.lose_lease(STATE)
    taken(blobs, STATE)
    lost.release()
    assert blobs.lease(STATE, 15) is None


def test_releasing_twice_is_no_error(blobs: Blobs) -> None:
    """A release may be repeated; the lease does not come back."""
    blobs.create(STATE, b"one")
    lease = taken(blobs, STATE)
    lease.release()
    lease.release()
    with pytest.raises(StorageConflict, match=STATE):
        lease.renew()


def test_reading_needs_no_lease(blobs: Blobs) -> None:
    """A lease shuts out writers only."""
    etag = blobs.create(STATE, b"one")
    taken(blobs, STATE)
    assert blobs.read(STATE) == Stored(b"one", etag)


@pytest.mark.parametrize("seconds", [14, 61])
def test_a_lease_lasts_15_to_60_seconds(blobs: Blobs, seconds: int) -> None:
    """A shorter or longer lease is refused."""
    blobs.create(STATE, b"one")
    with pytest.raises(HttpResponseError):
        blobs.lease(STATE, seconds)


def test_only_an_existing_blob_can_be_leased(blobs: Blobs) -> None:
    """None would say that somebody holds it."""
    with pytest.raises(ResourceNotFoundError):
        blobs.lease(STATE, 15)


def test_put_writes_whatever_was_there(blobs: Blobs) -> None:
    """put asks nothing: the last one wins."""
    blobs.put("marks/1", b"one")
    blobs.put("marks/1", b"two")
    assert blobs.read("marks/1") == Stored(b"two", etag_of(blobs, "marks/1"))


def test_put_does_not_break_a_lease(blobs: Blobs) -> None:
    """A blob under a lease is its holder's alone."""
    blobs.create(STATE, b"one")
    taken(blobs, STATE)
    with pytest.raises(StorageConflict, match=STATE):
        blobs.put(STATE, b"two")


def test_commit_joins_the_blocks_in_its_own_order(blobs: Blobs) -> None:
    """The order of the list counts, not that of staging; metadata come back whole, an empty value too."""
    blobs.stage(WINDOW, "run1-0001", b"second ")
    blobs.stage(WINDOW, "run1-0000", b"first ")
    blobs.commit(WINDOW, ["run1-0000", "run1-0001"], METADATA)
    assert blobs.read(WINDOW) == Stored(b"first second ", etag_of(blobs, WINDOW))
    assert blobs.properties(WINDOW) == Properties(13, etag_of(blobs, WINDOW), METADATA)


def test_a_block_staged_again_is_replaced(blobs: Blobs) -> None:
    """A retry of stage does no harm."""
    blobs.stage(WINDOW, "run1-0000", b"lost answer")
    blobs.stage(WINDOW, "run1-0000", b"again")
    blobs.commit(WINDOW, ["run1-0000"], {})
    assert list(blobs.chunks(WINDOW)) == [b"again"]


def test_an_uncommitted_blob_is_invisible(blobs: Blobs) -> None:
    """Nothing shows of staged blocks: not by reading, nor by listing."""
    blobs.stage(WINDOW, "run1-0000", b"half a window")
    assert blobs.read(WINDOW) is None
    assert blobs.properties(WINDOW) is None
    assert list(blobs.names("")) == []


def test_an_empty_commit_makes_an_empty_blob(blobs: Blobs) -> None:
    """A day without news is closed by an empty blob, over what a crashed run may have staged."""
    blobs.stage(WINDOW, "run1-0000", b"crashed")
    blobs.commit(WINDOW, [], METADATA)
    assert blobs.properties(WINDOW) == Properties(0, etag_of(blobs, WINDOW), METADATA)
    assert b"".join(blobs.chunks(WINDOW)) == b""


def test_commit_never_overwrites(blobs: Blobs) -> None:
    """A name that is taken stays as it is, however it was made, and a repeated commit ends there, too."""
    blobs.stage(WINDOW, "run1-0000", b"one")
    blobs.commit(WINDOW, ["run1-0000"], METADATA)
    etag = etag_of(blobs, WINDOW)
    with pytest.raises(StorageConflict, match=WINDOW):
        blobs.commit(WINDOW, ["run1-0000"], METADATA)
    blobs.stage(WINDOW, "run2-0000", b"two")
    with pytest.raises(StorageConflict, match=WINDOW):
        blobs.commit(WINDOW, ["run2-0000"], {})
    with pytest.raises(StorageConflict, match=WINDOW):
        blobs.create(WINDOW, b"three")
    assert blobs.read(WINDOW) == Stored(b"one", etag)
    assert blobs.properties(WINDOW) == Properties(3, etag, METADATA)


def test_commit_replaces_the_blob_that_was_read(blobs: Blobs) -> None:
    """In one step, also one that is smaller; whoever had read another one, or none, gets a conflict."""
    blobs.create(WINDOW, b"the one before")
    etag = etag_of(blobs, WINDOW)
    blobs.stage(WINDOW, "run1-0000", b"one")
    assert blobs.read(WINDOW) == Stored(b"the one before", etag)
    blobs.commit(WINDOW, ["run1-0000"], METADATA, over=etag)
    after = etag_of(blobs, WINDOW)
    assert after != etag
    assert blobs.read(WINDOW) == Stored(b"one", after)
    blobs.stage(WINDOW, "run2-0000", b"two")
    with pytest.raises(StorageConflict, match=WINDOW):
        blobs.commit(WINDOW, ["run2-0000"], {}, over=etag)
    assert blobs.read(WINDOW) == Stored(b"one", after)
    blobs.stage(STATE, "run2-0000", b"two")
    with pytest.raises(StorageConflict, match=STATE):
        blobs.commit(STATE, ["run2-0000"], {}, over=etag)
    assert blobs.read(STATE) is None


def test_a_reader_never_sees_two_versions_in_one(blobs: Blobs) -> None:
    """Replaced while it is read, a blob is read as it was or not to its end, never on with the new one's bytes."""
    size = 9 * 1024 * 1024
    blobs.create(WINDOW, b"1" * size)
    blobs.stage(WINDOW, "run1-0000", b"2" * size)
    reading = blobs.chunks(WINDOW)
    seen = [next(reading)]
    blobs.commit(WINDOW, ["run1-0000"], {}, over=etag_of(blobs, WINDOW))
    with suppress(HttpResponseError):
        seen += reading
    assert set(b"".join(seen)) == set(b"1")
    assert set(b"".join(blobs.chunks(WINDOW))) == set(b"2")


def test_two_writers_of_one_name_do_not_mix(blobs: Blobs) -> None:
    """Each commits its own blocks; the first wins whole, and the second gets a conflict."""
    for block in ("0000", "0001"):
        blobs.stage(WINDOW, f"run1-{block}", b"1")
        blobs.stage(WINDOW, f"run2-{block}", b"2")
    blobs.commit(WINDOW, ["run2-0000", "run2-0001"], {})
    with pytest.raises(StorageConflict, match=WINDOW):
        blobs.commit(WINDOW, ["run1-0000", "run1-0001"], {})
    assert list(blobs.chunks(WINDOW)) == [b"22"]


def test_a_block_that_was_never_staged_cannot_be_committed(blobs: Blobs) -> None:
    """That is a fault of the program, not a conflict, and no blob comes of it."""
    blobs.stage(WINDOW, "run1-0000", b"one")
    with pytest.raises(HttpResponseError):
        blobs.commit(WINDOW, ["run1-0000", "run1-0001"], {})
    assert blobs.properties(WINDOW) is None


def test_all_ids_of_a_blob_have_one_length(blobs: Blobs) -> None:
    """A block id of another length is refused."""
    blobs.stage(WINDOW, "run1-0000", b"one")
    with pytest.raises(HttpResponseError):
        blobs.stage(WINDOW, "run1-00001", b"two")


def test_chunks_stream_a_large_blob(blobs: Blobs) -> None:
    """Several MiB come in order and in pieces of a few MiB, so that a reader needs little memory."""
    mib = 1024 * 1024
    blocks = [bytes([number]) * (3 * mib) for number in range(3)]
    for number, block in enumerate(blocks):
        blobs.stage(WINDOW, f"run1-{number}", block)
    blobs.commit(WINDOW, ["run1-0", "run1-1", "run1-2"], {})
    chunks = list(blobs.chunks(WINDOW))
    assert b"".join(chunks) == b"".join(blocks)
    assert len(chunks) > 1
    assert max(map(len, chunks)) <= 4 * mib


def test_chunks_of_a_missing_blob_are_an_error(blobs: Blobs) -> None:
    """An empty stream would say that the blob is empty."""
    with pytest.raises(ResourceNotFoundError):
        list(blobs.chunks(WINDOW))


def test_names_by_prefix_in_order(blobs: Blobs) -> None:
    """Names come sorted, and only those that begin with the prefix, which may end within a segment."""
    for name in ("a/date=2026-11-23/2", "a/date=2026-11-22/9", "a/date=2026-12-01/1", "b/date=2026-11-23/1"):
        blobs.put(name, b"")
    assert list(blobs.names("a/date=2026-11")) == ["a/date=2026-11-22/9", "a/date=2026-11-23/2"]
    assert list(blobs.names("c/")) == []
