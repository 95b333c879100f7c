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


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """How far the last round is, and what it has found."""

    jobs: list[str] = []
    """Ids of the requests that it has taken in; a message that comes again adds nothing."""
    todo: list[Stretch] = []
    filling: Filling | None = None
    began: str | None = None
    finished: str | None = None
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

    def accepted(self, job: str, at: Instant, stretches: Iterable[Stretch]) -> "Reconciliation":
        """With a request taken in."""
        if job in self.jobs:
            return self
        now = instants.to_text(at)
        this = self if self.todo else Reconciliation(filling=self.filling, began=now)
        jobs, todo = [*this.jobs, job][-_JOBS_KEPT:], _joined([*this.todo, *stretches])
        return msgspec.structs.replace(this, jobs=jobs, todo=todo, finished=None if todo else now)

    def piece(self) -> tuple[Instant, Instant] | None:
        """What to compare next, the earliest first: a day or a part of one; None where nothing is left."""
        if not self.todo:
            return None
        start, end = min(stretch.bounds() for stretch in self.todo)
        return start, min(end, instants.floor(start, DAY) + DAY)

    def compared(self, start: Instant, end: Instant, at: Instant, answered: Callable[[str], bool]) -> "Reconciliation":
        """After ``[start, end)``. What is left of the gap of a provider that did not answer waits for another round."""
        wanted = (stretch for stretch in self.todo if not stretch.gap or answered(stretch.gap))
        return self._without(wanted, start, end, at)

    def passed_over(self, start: Instant, end: Instant, at: Instant) -> "Reconciliation":
        """Without ``[start, end)``, which can't be compared."""
        return msgspec.structs.replace(self._without(self.todo, start, end, at), removed=self.removed + 1)

    def _without(self, wanted: Iterable[Stretch], start: Instant, end: Instant, at: Instant) -> "Reconciliation":
        todo = [part for stretch in wanted for part in stretch.without(start, end)]
        return msgspec.structs.replace(self, todo=todo, finished=None if todo else instants.to_text(at))

    def given_up(self) -> "Reconciliation":
        """With nothing left to do; a request that comes again is taken in again."""
        return msgspec.structs.replace(self, todo=[], jobs=[])

    def about_to(self, filling: Filling | None) -> "Reconciliation":
        """Before a blob is committed; None when it is finished."""
        return msgspec.structs.replace(self, filling=filling)

    def with_found(
        self, *, days: int = 0, seen: int = 0, missing: int = 0, filled: int = 0, only_in_blobs: int = 0
    ) -> "Reconciliation":
        """With these added."""
        return msgspec.structs.replace(
            self,
            days=self.days + days,
            seen=self.seen + seen,
            missing=self.missing + missing,
            filled=self.filled + filled,
            only_in_blobs=self.only_in_blobs + only_in_blobs,
        )


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
