"""Reading a stretch of time so that no revision slips through, while the list changes underneath.

The next page is asked for by time (``ge`` the last timestamp), not by position: a record that is updated meanwhile
leaves its place, the rows behind it move up, and one would slip over the page's edge unread. Only where time does not
separate the pages (a page that is empty, unordered, or full of one timestamp) is Graph's nextLink followed, and that
is repeated until two passes show the same rows.

Where Graph stumbles (500, 502, 504, no answer) over what it is asked for, the page is made smaller, and then the
stretch of time is cut in halves until what cannot be read is one instant. Its neighbours are read, it is tried once
more, and only then given up, by name.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from shared.errors import GraphUnavailable
from shared.graph.answers import ServerFault
from shared.graph.pages import Page, Row
from shared.instants import TICK, Instant

_MOST_PASSES = 20
"""Passes over one list by position. A list that never shows the same rows twice cannot be read whole."""

_MOST_UNREADABLE = 20
"""Instants that one read gives up. More of them is an outage, not a few broken records."""

_SMALL_PAGE = 16
"""Rows below which a page is not made smaller still."""


class Pages(Protocol):
    """Graph's list of one source and tenant, a page at a time, in ascending order of the cursor.

    Both raise ``ServerFault`` where Graph fails again and again; ``patient`` says how often it is asked.
    """

    page_size: int

    def between(self, start: Instant, end: Instant, top: int, *, patient: bool) -> Page:
        """The first page of ``[start, end)``."""
        ...

    def follow(self, next_link: str) -> Page:
        """The page that Graph named."""
        ...


class Reading:
    """One read of ``[start, end)``: what came, how far it is whole, and what could not be read."""

    def __init__(self, pages: Pages, start: Instant, end: Instant, known_bad: Iterable[Instant] = ()) -> None:
        self._pages = pages
        self.start = start
        self.end = end
        self.whole_before = start
        """Every row before this instant has been read, but for the ``unreadable``."""
        self.failed: dict[str, int] = {}
        """Providers that did not answer, ``Vendor/Provider`` -> status."""
        self._known_bad = sorted(instant for instant in set(known_bad) if start <= instant < end)
        self.unreadable: list[Instant] = []
        """Instants at which Graph stumbles, each 100 ns wide."""
        self._seen: dict[bytes, Instant] = {}
        self._largest = 0

    def batches(self) -> Iterator[list[Row]]:
        """New rows, page by page; ``whole_before`` moves when the next batch is asked for. Ends when all is read.

        Raises:
            GraphUnavailable: nothing can be read, or too much cannot.
        """
        at = self.start
        for bad in self._known_bad:
            yield from self._stretch(at, bad, may_shrink=True)
            self.unreadable.append(bad)
            at = self._advance(bad + TICK)
        yield from self._stretch(at, self.end, may_shrink=True)
        self.whole_before = self.end

    def second_chance(self) -> Iterator[list[Row]]:
        """Try once more what could not be read, now that its neighbours were; the rest stays in ``unreadable``."""
        for instant in list(self.unreadable):
            self.unreadable.remove(instant)
            try:
                yield from self._stretch(instant, instant + TICK, may_shrink=False)
            except GraphUnavailable:  # throttled, or down: what was read is whole all the same
                self.unreadable.append(instant)

    def _stretch(self, start: Instant, end: Instant, *, may_shrink: bool) -> Iterator[list[Row]]:
        """Read ``[start, end)`` by time."""
        at, top, full = start, self._pages.page_size, self._pages.page_size
        while at < end:
            try:
                page = self._pages.between(at, end, top, patient=may_shrink and top == full)
            except ServerFault as fault:
                self._check_alive(fault)
                if not may_shrink or top < _SMALL_PAGE:
                    yield from self._halves(at, end, fault)
                    return
                top //= 4
                continue
            fresh = self._take(page, at, end)
            yield fresh
            step = _Step.of(page, fresh, at, crowd=min(self._largest, top))
            if step.forward is not None:
                at = self._advance(step.forward)
            elif (page.next_link or step.crowded) and top < full and end - at > TICK:
                # A page made smaller tells too little: time can part the rows, and full pages be asked for again.
                yield from self._halves(at, end)
                return
            elif page.next_link:
                forward = yield from self._settle(page, at, end)
                if forward is None:
                    return
                at = self._advance(forward)
            elif not fresh and step.crowded:
                # As many rows at one instant as any page had: Graph may have cut the page without a word.
                at = self._advance(at + TICK)
            elif not fresh:
                return

    def _halves(self, start: Instant, end: Instant, fault: ServerFault | None = None) -> Iterator[list[Row]]:
        """Read the two halves of a stretch that fails as a whole; one that cannot be halved is unreadable."""
        if end - start <= TICK:
            self.unreadable.append(start)
            if len(set(self.unreadable) - set(self._known_bad)) > _MOST_UNREADABLE:
                raise GraphUnavailable(f"{fault} More than {_MOST_UNREADABLE} records fail one by one.") from fault
            self._advance(end)
            return
        middle = (start + end) // 2
        yield from self._stretch(start, middle, may_shrink=False)
        self._advance(middle)
        yield from self._stretch(middle, end, may_shrink=False)

    def _settle(self, page: Page, at: Instant, end: Instant) -> Generator[list[Row], None, Instant | None]:
        """Follow nextLinks from a page until two passes show the same rows.

        Returns the instant from which reading by time can go on, or None where the list was read to its end.
        """
        before: set[bytes] | None = None
        for _ in range(_MOST_PASSES):
            shown: set[bytes] = set()
            last = page
            for last in _linked(page, self._pages.follow, to_the_end=False):
                shown |= {row.key for row in last.rows}
                yield self._take(last, at, end)
            if shown == before:
                return min(_lasts(last.rows).values()) if last.next_link else None
            before = shown
            page = self._pages.between(at, end, self._pages.page_size, patient=True)
        raise GraphUnavailable(f"In {_MOST_PASSES} passes Graph's list never showed the same rows twice.")

    def _take(self, page: Page, start: Instant, end: Instant) -> list[Row]:
        """The rows of a page that are asked for and new, remembered; failed providers noted."""
        self.failed |= page.failed
        self._largest = max(self._largest, *Counter(row.provider for row in page.rows).values(), 0)
        fresh = []
        for row in page.rows:
            if start <= row.at < end and row.key not in self._seen:
                self._seen[row.key] = row.at
                fresh.append(row)
        return fresh

    def _advance(self, to: Instant) -> Instant:
        self.whole_before = max(self.whole_before, to)
        self._seen = {key: at for key, at in self._seen.items() if at >= self.whole_before or at in self.unreadable}
        return to

    def _check_alive(self, fault: ServerFault) -> None:
        """Ask for next to nothing: where not even that is answered, Graph is down, and no record is to blame."""
        try:
            self._pages.between(self.end, self.end + TICK, 1, patient=False)
        except ServerFault:
            raise GraphUnavailable(str(fault)) from fault


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a page lets the reading go, decided from its rows alone."""

    forward: Instant | None
    """From where to ask next: no provider has an unread row before it. None: the page does not tell."""
    crowded: bool
    """Rows at the asked instant may stand behind the page's edge, so it must not be left yet."""

    @classmethod
    def of(cls, page: Page, fresh: Iterable[Row], at: Instant, *, crowd: int) -> Self:
        """Decide.

        A page that joins providers is as good as its slowest one: what a provider has behind its last row is
        unread. ``crowd`` rows are as many as one provider may put on a page. A page with but one timestamp, and
        more behind it, does not even tell whether the list is ordered.
        """
        lasts = _lasts(page.rows)
        count = Counter(row.provider for row in page.rows)
        news = {row.provider for row in fresh}
        crowded = any(lasts[p] == at and (p in news or count[p] >= crowd) for p in lasts)
        if crowded or not _ordered(page.rows) or (page.next_link and _flat(page.rows)):
            return cls(None, crowded)
        return cls(min((last for last in lasts.values() if last > at), default=None), crowded)


def whole_list(first: Callable[[], Page], follow: Callable[[str], Page]) -> tuple[list[Row], dict[str, int]]:
    """All rows of a list that cannot be read by time, once two passes show the same, and the failed providers.

    Raises:
        GraphUnavailable: it never showed the same rows twice.
    """
    before: set[bytes] | None = None
    for _ in range(_MOST_PASSES):
        rows: dict[bytes, Row] = {}
        failed: dict[str, int] = {}
        for page in _linked(first(), follow, to_the_end=True):
            rows |= {row.key: row for row in page.rows}
            failed |= page.failed
        if rows.keys() == before:
            return list(rows.values()), failed
        before = set(rows)
    raise GraphUnavailable(f"In {_MOST_PASSES} passes Graph's list never showed the same rows twice.")


def _linked(page: Page, follow: Callable[[str], Page], *, to_the_end: bool) -> Iterator[Page]:
    """A page and those that its nextLinks name.

    In an ordered list it is enough to go on to the first page that has left the timestamps of the first rows.
    """
    links: set[str] = set()
    ordered, tie, last = not to_the_end, dict[str, Instant](), dict[str, Instant]()
    while True:
        yield page
        ordered = ordered and _ordered(page.rows, last)
        left = bool(tie and page.rows) and all(row.at != tie.get(row.provider) for row in page.rows)
        if not page.next_link or (ordered and left):
            return
        if page.next_link in links:
            raise GraphUnavailable("Graph names the same next page again and again. The next run tries again.")
        links.add(page.next_link)
        tie = tie or _lasts(page.rows)
        last |= _lasts(page.rows)
        page = follow(page.next_link)


def _lasts(rows: Iterable[Row]) -> dict[str, Instant]:
    """The last row's instant of each provider."""
    return {row.provider: row.at for row in rows}


def _ordered(rows: Iterable[Row], after: Mapping[str, Instant] | None = None) -> bool:
    """Whether each provider's rows ascend, behind those that came ``after``."""
    last = dict(after or {})
    for row in rows:
        if row.at < last.get(row.provider, row.at):
            return False
        last[row.provider] = row.at
    return True


def _flat(rows: Iterable[Row]) -> bool:
    """Whether each provider has but one timestamp, so that the page does not tell in what order the list is."""
    first: dict[str, Instant] = {}
    return all(first.setdefault(row.provider, row.at) == row.at for row in rows)
