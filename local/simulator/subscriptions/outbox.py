"""What has to be delivered, and when: batches, time limits and retries."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched
from typing import ClassVar

from local.simulator.subscriptions.notices import Kind, Notice, collection
from local.simulator.timestamps import TICKS_PER_SECOND

FIRST_TIMEOUT_S = 3.0
RETRY_TIMEOUT_S = 10.0
RETRIES_END = 4 * 3600 * TICKS_PER_SECOND
_FIRST_PAUSE = 10 * TICKS_PER_SECOND
"""Before the first retry; each further one waits twice as long. Graph says only "exponential back-off"."""
MAX_BATCH = 100
"""Notifications in one POST; Graph names no number."""


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """A POST to make."""

    HEADERS: ClassVar[Mapping[str, str]] = {"Content-Type": "application/json; charset=utf-8"}

    due: int
    number: int
    first_due: int
    kind: Kind
    url: str
    body: bytes
    notices: int
    """How many notifications it carries."""
    attempt: int = 1

    @property
    def timeout_s(self) -> float:
        """How long an answer may take."""
        return FIRST_TIMEOUT_S if self.attempt == 1 else RETRY_TIMEOUT_S

    def next(self, now: int) -> "Delivery | None":
        """The retry after a failure; None after 4 hours."""
        due = now + (_FIRST_PAUSE << self.attempt - 1)
        if due > self.first_due + RETRIES_END:
            return None
        return replace(self, due=due, attempt=self.attempt + 1)


class Outbox:
    """Notifications on their way; those under way are with whoever took them."""

    def __init__(self) -> None:
        self._waiting: defaultdict[tuple[str, Kind], list[tuple[int, Notice]]] = defaultdict(list)
        self._ready: list[Delivery] = []
        self._made = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values())) + sum(delivery.notices for delivery in self._ready)

    def add(self, notice: Notice, due: int) -> None:
        """Send a notification then, together with what else is due for its URL."""
        self._waiting[notice.url, notice.kind].append((due, notice))

    def again(self, delivery: Delivery) -> None:
        """Make a delivery (again) when it is due."""
        heapq.heappush(self._ready, delivery)

    def due(self, now: int) -> list[Delivery]:
        """Take what is due."""
        taken: list[Delivery] = []
        while self._ready and self._ready[0].due <= now:
            taken.append(heapq.heappop(self._ready))
        for key, waiting in list(self._waiting.items()):
            ready = [notice for due, notice in waiting if due <= now]
            if not ready:
                continue
            self._waiting[key] = [(due, notice) for due, notice in waiting if due > now]
            if not self._waiting[key]:
                del self._waiting[key]
            taken += self.pack(ready, now)
        return taken

    def pack(self, notices: Iterable[Notice], now: int, size: int = MAX_BATCH) -> list[Delivery]:
        """Deliveries of notifications of one URL and kind; both copies of one never travel together."""
        return [self._delivery(batch, now) for wave in _waves(notices) for batch in batched(wave, size, strict=False)]

    def next_due(self) -> int | None:
        """When to look again; None if nothing is left."""
        moments = [due for waiting in self._waiting.values() for due, _ in waiting]
        if self._ready:
            moments.append(self._ready[0].due)
        return min(moments, default=None)

    def _delivery(self, notices: tuple[Notice, ...], now: int) -> Delivery:
        self._made += 1
        first = notices[0]
        return Delivery(now, self._made, now, first.kind, first.url, collection(notices), len(notices))


def _waves(notices: Iterable[Notice]) -> Iterator[list[Notice]]:
    """First each notification once, then the second copies."""
    rest = list(notices)
    while rest:
        wave: dict[str, Notice] = {}
        later: list[Notice] = []
        for notice in rest:
            if notice.key in wave:
                later.append(notice)
            else:
                wave[notice.key] = notice
        yield list(wave.values())
        rest = later
