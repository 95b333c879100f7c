"""What a comparison with Graph has still to do, and what it has found: a part of the checkpoint. Pure.

A *round* begins with a request while nothing is left to do, and ends when all stretches are compared. Requests that
come meanwhile join it. What has been compared is taken from all stretches at once, so a run that is cut off, or
dies, goes on where the last saved piece ended.
"""

from collections.abc import Callable, Iterable

import msgspec

from shared import instants
from shared.instants import DAY, Instant

_JOBS_KEPT = 20
"""Requests of earlier rounds that are known still: their messages may come late."""
_MOST_JOBS = 1000
"""Requests that one round takes in, so that the checkpoint stays small."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time that is to be compared; instants in Graph's form."""

    start: str
    end: str
    gap: str = ""
    """The provider whose gap is the reason; empty where days were asked for."""

    @classmethod
    def of(cls, start: Instant, end: Instant, gap: str = "") -> "Stretch":
        """The same from instants."""
        return cls(start=instants.to_text(start), end=instants.to_text(end), gap=gap)

    def bounds(self) -> tuple[Instant, Instant]:
        """Start and end."""
        return instants.from_text(self.start), instants.from_text(self.end)

    def without(self, start: Instant, end: Instant) -> "list[Stretch]":
        """What ``[start, end)`` leaves of it."""
        first, last = self.bounds()
        parts = ((first, min(last, start)), (max(first, end), last))
        return [Stretch.of(a, b, self.gap) for a, b in parts if a < b]


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that is about to be committed, written down before: whoever comes next finishes it, or takes its name."""

    number: int
    start: str
    """What was compared, and is a part of one day."""
    end: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing has found."""

    days: int = 0
    """Days, or parts of one, that were compared."""
    seen: int = 0
    """Records that Graph showed."""
    missing: int = 0
    """Of those, the ones that were in no blob."""
    filled: int = 0
    """Of those, the ones that were still shown when they were to be written."""
    only_in_blobs: int = 0
    """Revisions in blobs that Graph shows no more, because they were updated or deleted: nothing is wrong with them."""
    removed: int = 0
    """Days, or parts of one, that could not be compared: blobs that manifests name are not there (any more)."""
    failed: int = 0
    """Days, or parts of one, that could not be compared: Graph refused them, or a blob of them can't be read."""


class Reconciliation(Counts, frozen=True, kw_only=True):
    """How far the last round is, and what it has found."""

    jobs: list[str] = []
    """Ids of the requests that it has taken in, and of some before; a message that comes again adds nothing."""
    tick: str | None = None
    """Of those, the last tick's: it alone is sent again where Graph is not available."""
    todo: list[Stretch] = []
    filling: Filling | None = None
    began: str | None = None
    finished: str | None = None

    def full(self, job: str) -> bool:
        """Whether a request has to wait until this round has ended."""
        return job not in self.jobs and bool(self.todo) and len(self.jobs) >= _MOST_JOBS

    def accepted(self, job: str, at: Instant, stretches: Iterable[Stretch], *, tick: bool) -> "Reconciliation":
        """With a request taken in."""
        if job in self.jobs:
            return self
        now = instants.to_text(at)
        this = self
        if not self.todo:
            this = Reconciliation(filling=self.filling, began=now, jobs=self.jobs[-_JOBS_KEPT:])
        todo = _joined([*this.todo, *stretches])
        return msgspec.structs.replace(
            this,
            jobs=[*this.jobs, job],
            tick=job if tick else this.tick,
            todo=todo,
            finished=None if todo else now,
        )

    def piece(self) -> tuple[Instant, Instant] | None:
        """What to compare next, the earliest first: a day or a part of one; None where nothing is left."""
        if not self.todo:
            return None
        start, end = min(stretch.bounds() for stretch in self.todo)
        return start, min(end, instants.floor(start, DAY) + DAY)

    def wants(self, start: Instant, end: Instant) -> bool:
        """Whether all of ``[start, end)`` is still to be compared."""
        return any(first <= start and end <= last for first, last in (stretch.bounds() for stretch in self.todo))

    def compared(self, start: Instant, end: Instant, at: Instant, answered: Callable[[str], bool]) -> "Reconciliation":
        """After ``[start, end)``. What is left of the gap of a provider that did not answer waits for another round."""
        wanted = (stretch for stretch in self.todo if not stretch.gap or answered(stretch.gap))
        return self._without(wanted, start, end, at)

    def passed_over(self, start: Instant, end: Instant, at: Instant) -> "Reconciliation":
        """Without ``[start, end)``, of which blobs were removed."""
        return self._without(self.todo, start, end, at).plus(Counts(removed=1))

    def left_out(self, start: Instant, end: Instant, at: Instant) -> "Reconciliation":
        """Without ``[start, end)``, which Graph refuses, or of which a blob can't be read."""
        return self._without(self.todo, start, end, at).plus(Counts(failed=1))

    def given_up(self, at: Instant) -> "Reconciliation":
        """Ended, with undone what was left to do; a request that comes again is taken in again."""
        ended = msgspec.structs.replace(self, todo=[], jobs=[], finished=instants.to_text(at))
        return ended.plus(Counts(failed=1))

    def _without(self, wanted: Iterable[Stretch], start: Instant, end: Instant, at: Instant) -> "Reconciliation":
        todo = [part for stretch in wanted for part in stretch.without(start, end)]
        return msgspec.structs.replace(self, todo=todo, finished=None if todo else instants.to_text(at))

    def about_to(self, filling: Filling | None) -> "Reconciliation":
        """Before a blob is committed; None when it is finished."""
        return msgspec.structs.replace(self, filling=filling)

    def plus(self, found: Counts) -> "Reconciliation":
        """With these added."""
        sums = {name: getattr(self, name) + getattr(found, name) for name in Counts.__struct_fields__}
        return msgspec.structs.replace(self, **sums)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in as few stretches as can be, each reason apart."""
    joined: list[Stretch] = []
    for stretch in sorted(set(stretches), key=lambda stretch: (stretch.gap, stretch.bounds())):
        start, end = stretch.bounds()
        if start >= end:
            continue
        last = joined[-1] if joined else None
        if last and last.gap == stretch.gap and start <= (bounds := last.bounds())[1]:
            joined[-1] = Stretch.of(bounds[0], max(bounds[1], end), last.gap)
        else:
            joined.append(stretch)
    return joined
