"""The order of one provider's records in time: the generated past plus what has changed since."""

from bisect import bisect_left, bisect_right, insort
from typing import NamedTuple

from local.simulator.history import History

type Place = tuple[int, int]
"""(ticks, ordinal): where a record stands. The ordinal puts equal timestamps in a fixed order."""


class Window(NamedTuple):
    """Ticks in [low, high)."""

    low: int = 0
    high: int = 1 << 63


ALWAYS = Window()


class _Bounds(NamedTuple):
    """A window's slice of the records in their generated place, and of the moved ones."""

    kept_low: int
    kept_high: int
    moved_low: int
    moved_high: int

    @property
    def size(self) -> int:
        return self.kept_high - self.kept_low + self.moved_high - self.moved_low


class Timeline:
    """Answers "which records stand at positions offset .. offset + limit of this window?".

    Two sorted sequences are merged: the generated records that never moved (computed, not held) and the
    moved or created ones (held). Every question is a few bisections, however deep the position.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self._left: list[int] = []  # generated records that stand in their place no more; sorted
        self._moved: list[Place] = []  # sorted

    def __len__(self) -> int:
        return self.history.count - len(self._left) + len(self._moved)

    def put(self, place: Place) -> None:
        """Let a record stand here."""
        insort(self._moved, place)

    def take(self, place: Place) -> None:
        """Take a record from the place where it stands."""
        index = bisect_left(self._moved, place)
        if self._moved[index : index + 1] == [place]:
            del self._moved[index]
        else:
            insort(self._left, place[1])

    def count(self, window: Window = ALWAYS) -> int:
        """How many records stand in the window."""
        return self._bounds(window).size

    def places(self, window: Window = ALWAYS, *, offset: int = 0, limit: int, descending: bool = False) -> list[Place]:
        """Up to ``limit`` places of the window, after the first ``offset``, in the order asked for."""
        bounds = self._bounds(window)
        first, last = offset, min(offset + limit, bounds.size)
        if first >= last:
            return []
        if descending:
            first, last = bounds.size - last, bounds.size - first
        kept_first, moved_first = self._cut(bounds, first)
        kept_last, moved_last = self._cut(bounds, last)
        found = [(self.history.at(n), n) for n in self._ordinals(kept_first, kept_last)]
        found += self._moved[moved_first:moved_last]
        found.sort(reverse=descending)
        return found

    def _bounds(self, window: Window) -> _Bounds:
        kept = []
        for moment in window:
            n = bisect_left(range(self.history.count), moment, key=self.history.at)
            kept.append(n - bisect_left(self._left, n))
        moved = [bisect_left(self._moved, (moment, -1)) for moment in window]
        return _Bounds(kept[0], max(kept), moved[0], max(moved))

    def _cut(self, bounds: _Bounds, count: int) -> tuple[int, int]:
        """Split the window's first ``count`` records (ascending) into kept and moved ones."""
        kept_low, kept_high, moved_low, moved_high = bounds
        choices = range(max(0, count - (moved_high - moved_low)), min(count, kept_high - kept_low))

        def enough_kept(kept: int) -> bool:
            n = self._ordinal(kept_low + kept)
            return self._moved[moved_low + count - kept - 1] < (self.history.at(n), n)

        kept = choices.start + bisect_left(choices, True, key=enough_kept)  # noqa: FBT003
        return kept_low + kept, moved_low + count - kept

    def _ordinal(self, index: int) -> int:
        """The ``index``-th generated record that still stands in its place."""
        skipped = bisect_right(range(len(self._left)), index, key=lambda i: self._left[i] - i)
        return index + skipped

    def _ordinals(self, first: int, last: int) -> list[int]:
        if first == last:
            return []
        low, high = self._ordinal(first), self._ordinal(last - 1)
        left = set(self._left[bisect_left(self._left, low) : bisect_right(self._left, high)])
        return [n for n in range(low, high + 1) if n not in left]
