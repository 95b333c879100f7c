"""Processes that read blobs, one for each CPU: most of the cost is JSON and Python, which take turns within a process.

They come from one fork server, which loads the packages once. So they share memory, and the seed of Python's hash: the
fingerprints that different processes make are comparable. In each of them, threads wait for storage.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, forkserver, get_context, parent_process
from threading import Thread

from shared.errors import AppError
from shared.storage.blobs import Blobs
from shared.verify.blob_reading import BlobReader, Seen
from shared.verify.looking import ahead

_THREADS = 4
"""In each process: one works while the others wait for storage."""
_LOADED = ["shared.verify.readers", "shared.wiring", "shared.storage.azure_blobs"]


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
    """Lets processes work, or whatever executor stands for them."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._seed: int | None = None

    def ahead[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """The results in order.

        Raises:
            BrokenExecutor: a process died.
        """
        for seed, result in ahead(self._executor, partial(_seeded, work), items):
            self._seed = self._seed or seed
            if seed != self._seed:
                raise BrokenExecutor("the fork server died, and another one hashes differently")
            yield result


def _seeded[T, R](work: Callable[[T], R], item: T) -> tuple[int, R]:
    return hash("seed"), work(item)


@contextmanager
def readers() -> Iterator[Readers]:
    """Processes that are started when there is work for them, and gone at the exit."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    # Ctrl-C goes to every process of a terminal: it is this one that ends the others.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, interrupt)
    executor = ProcessPoolExecutor(os.process_cpu_count(), context, initializer=_end_with_parent)
    try:
        yield Readers(executor)
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Also when it was killed: nobody would tell the processes that it is."""
    Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
