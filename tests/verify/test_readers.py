"""Processes that read: what they find is the same, and whatever becomes of them is told, and ends."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from threading import Lock

import pytest
from azure.core.exceptions import HttpResponseError
from isal import igzip

from shared.verify.blob_reading import Seen
from shared.verify.readers import _WORTH_BYTES, Readers, Reading, StorageUnreadable, readers
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs


def a_blob(numbers: Sequence[int]) -> bytes:
    """Records with these ids."""
    line = b'{"id":"%d","lastUpdateDateTime":"2026-11-23T12:00:00Z"}\n'
    return igzip.compress(b"".join(line % number for number in numbers))


def opened() -> MemoryBlobs:
    """A container that is alike in every process."""
    blobs = MemoryBlobs(FakeClock())
    for number in range(8):
        blobs.create(f"{number}.ndjson.gz", a_blob(range(number, number + 3)))
    return blobs


def forbidden() -> MemoryBlobs:
    """A container that answers with what can't be sent to another process."""
    blobs = opened()

    def refuse(operation: str, name: str) -> None:
        error = HttpResponseError(f"AuthorizationPermissionMismatch: {operation} {name}")
        error.response = Lock()  # type: ignore[assignment]  # stands for its connection
        raise error

    blobs.before = refuse
    return blobs


def die(name: str) -> str:
    """As the kernel does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return name


def rest(name: str) -> str:
    """For longer than any test takes."""
    time.sleep(600)
    return name


@contextmanager
def processes() -> Iterator[Readers]:
    """Readers that find it worth starting processes."""
    with readers() as made:
        made.expect(_WORTH_BYTES)
        yield made


class Dying(Reading):
    """Its process dies."""

    def read(self, names: Sequence[str]) -> list[Seen]:
        die(names[0])
        return []


class Resting(Reading):
    """Its process says that it is at work, and does not come to an end."""

    def read(self, names: Sequence[str]) -> list[Seen]:
        os.write(1, b"at work\n")
        rest(names[0])
        return []


def meet(folder: Path) -> int:
    """Wait until every process is there."""
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < (os.process_cpu_count() or 1):
        time.sleep(0.01)
    return os.getpid()


def test_processes_agree_on_what_is_equal(tmp_path: Path) -> None:
    """Fingerprints come out alike in whatever process, and records are found by them in another one."""
    groups = [[f"{number}.ndjson.gz"] for number in range(8)] * 4
    reading = Reading(opened, ThreadPoolExecutor, "alerts_v2")
    with processes() as others:
        seen = [seen for [seen] in others.ahead(reading.read, groups)]
        pids = set(others.ahead(meet, [tmp_path] * (os.process_cpu_count() or 1)))
        assert len(pids) == os.process_cpu_count()
        for number in range(8):
            assert seen[number].fingerprints == seen[number + 8].fingerprints == seen[number + 24].fingerprints
        assert seen[0].fingerprints[1:] == seen[1].fingerprints[:2]
        wanted = {seen[0].fingerprints[2]}
        places = [[line for line, _ in found] for [found] in others.ahead(partial(reading.trace, wanted), groups[:4])]
    assert places == [[3], [2], [1], []]


def _pid(_: int) -> int:
    return os.getpid()


def test_processes_are_started_when_they_are_worth_it() -> None:
    """By all that was to be read so far, since their start takes longer than reading a small store."""
    with readers() as made:
        for size in (0, _WORTH_BYTES // 2):
            made.expect(size)
            assert list(made.ahead(_pid, [1])) == [os.getpid()]
        assert active_children() == []
        made.expect(_WORTH_BYTES // 2)
        assert list(made.ahead(_pid, [1])) != [os.getpid()]
        assert len(active_children()) == os.process_cpu_count()
    assert active_children() == []


def test_another_seed_is_an_error() -> None:
    """Fingerprints that can't be compared must not pass for a store without doubles."""
    with processes() as others:
        assert list(others.ahead(_pid, [1]))
        others._seed = 1
        with pytest.raises(BrokenExecutor, match="can't be compared"):
            list(others.ahead(_pid, [1]))


def test_errors_of_storage_come_out() -> None:
    """In the SDK's words, also where its error holds what can't be sent."""
    reading = Reading(forbidden, ThreadPoolExecutor, "alerts_v2")
    with pytest.raises(StorageUnreadable, match="AuthorizationPermissionMismatch: chunks x"), processes() as others:
        list(others.ahead(reading.read, [["x"]]))


def test_a_process_that_dies_is_an_error() -> None:
    """And none is left afterwards."""
    with pytest.raises(BrokenExecutor), processes() as others:
        list(others.ahead(die, ["x", "y"]))
    assert active_children() == []


def test_an_error_does_not_wait_for_what_is_at_work() -> None:
    """The others are ended, whatever they are at."""
    with suppress(ZeroDivisionError), processes() as others:
        others._executor.submit(rest, "x")
        raise ZeroDivisionError
    assert active_children() == []
