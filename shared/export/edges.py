"""What the export touches of the world, passed in as one value, and the rules it works by."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from shared.clock import Clock
from shared.export.lease import Lease
from shared.graph.client import GraphClient
from shared.instants import Instant
from shared.storage.blobs import Blobs
from shared.storage.queues import Queue


@dataclass(frozen=True, slots=True)
class Edges:
    """Graph, blobs, queue, clock and threads."""

    graph: GraphClient
    data: Blobs
    """EXPORT_CONTAINER."""
    state: Blobs
    """STATE_CONTAINER."""
    jobs: Queue
    """The queue ``export-jobs``, for what must come later than at once."""
    clock: Clock
    pool: Callable[[int], Executor]
    """Makes an executor of so many threads."""
    keep_alive: Callable[[Lease], AbstractContextManager[object]]
    """Renews a lease in the background."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that the export works by."""

    lookback_days: int
    overlap: Instant
    """How far before the watermark every scan begins, in units of 100 ns."""
    concurrency: int
    """Days read at once."""
    budget_s: float
    """Seconds after which a job stops as soon as it has gained ground."""
    bell_interval: Instant
    """Scans that bells ask for begin at least this far apart, in units of 100 ns."""
