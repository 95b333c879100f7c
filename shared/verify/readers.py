"""Processes that read blobs, one for each CPU: most of the cost is JSON and Python, which take turns within a process.

Starting them takes as long as reading some 64 MB, so the first that much is read in this process. They are started
afresh, not forked: macOS has no network in a forked one. Fingerprints are compared, so all processes are given the same
random seed of Python's hash; in each of them, threads wait for storage.
"""

import os
import secrets
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from threading import Thread

from shared.errors import AppError
from shared.storage.blobs import Blobs
from shared.verify.blob_reading import BlobReader, Seen
from shared.verify.looking import ahead

_THREADS = 2
"""In each process: one works while another waits for storage. More get into each other's way."""
_WORTH_BYTES = 64 * 1024 * 1024


class StorageUnreadable(AppError):
    """Storage failed a process. The SDK's own errors hold its connection, and can't leave the process."""

    reason = "storage"


@dataclass(frozen=True, slots=True)
class Reading:
    """How blobs of one source are read, wherever."""

    data: Callable[[], Blobs]
    """Opens their container."""
    pool: Callable[[int], Executor]
    """Threads."""
    source: str

    def read(self, names: Sequence[str]) -> list[Seen]:
        """What each of these blobs is.

        Raises:
            StorageUnreadable: one can't be read.
        """
        return self._each(BlobReader.read, names)

    def trace(self, wanted: set[int], names: Sequence[str]) -> list[list[tuple[int, bytes]]]:
        """Number of the line, and key, of each record with one of these fingerprints, for each of these blobs.

        Raises:
            StorageUnreadable: one can't be read.
        """
        return self._each(partial(_traced, wanted), names)

    def _each[R](self, work: Callable[[BlobReader, str], R], names: Sequence[str]) -> list[R]:
        from azure.core.exceptions import AzureError

        try:
            reader = BlobReader(self.data(), self.source)
            with self.pool(min(_THREADS, len(names))) as pool:
                return list(pool.map(partial(work, reader), names))
        except AzureError as error:
            raise StorageUnreadable(str(error)) from None


def _traced(wanted: set[int], reader: BlobReader, name: str) -> list[tuple[int, bytes]]:
    return [(number, row.key) for number, fingerprint, row in reader.rows(name) if fingerprint in wanted]


class Readers:
    """Lets this process work, or, where there is much to read, others."""

    def __init__(self, near: Executor, start: Callable[[], Executor]) -> None:
        self._executor = near
        self._start: Callable[[], Executor] | None = start
        self._bytes = 0
        self._seed: int | None = None

    def expect(self, size: int) -> None:
        """So many bytes are going to be read."""
        self._bytes += size
        if self._start and self._bytes >= _WORTH_BYTES:
            self._executor, self._start, self._seed = self._start(), None, None

    def ahead[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """The results in order.

        Raises:
            BrokenExecutor: a process died.
        """
        for seed, result in ahead(self._executor, partial(_seeded, work), items):
            self._seed = self._seed or seed
            if seed != self._seed:
                raise BrokenExecutor("its fingerprints can't be compared with those of another one")
            yield result


def _seeded[T, R](work: Callable[[T], R], item: T) -> tuple[int, R]:
    return hash("seed"), work(item)


@contextmanager
def readers() -> Iterator[Readers]:
    """Processes that are started when there is work for them, and gone at the exit."""
    near = ThreadPoolExecutor(1)
    with ExitStack() as cleanup:
        cleanup.callback(near.shutdown, cancel_futures=True)
        yield Readers(near, lambda: cleanup.enter_context(_processes()))


@contextmanager
def _processes() -> Iterator[Executor]:
    count = os.process_cpu_count() or 1
    # Ctrl-C goes to every process of a terminal: it is this one that ends the others, and they inherit that.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.putenv("PYTHONHASHSEED", str(1 + secrets.randbelow(2**32 - 1)))
    executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=_end_with_parent)
    for number in range(count):
        executor.submit(abs, number)  # starts one, unless another has nothing to do already: then it comes later
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield executor
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        os.unsetenv("PYTHONHASHSEED")


def _end_with_parent() -> None:
    """Also when it was killed: nobody would tell the processes that it is."""
    Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
