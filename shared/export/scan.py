"""From the watermark to an instant: windows are read from Graph, committed as blobs, and joined to the chain.

Up to ``concurrency`` days are read at once, each by a thread that ends with its blob committed. The thread of the
scan itself moves the watermark over the finished prefix, one window after the other.
"""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum

from shared import events, instants
from shared.errors import GraphUnavailable, StorageConflict
from shared.events import Event
from shared.export import manifest, names, window_blob
from shared.export.checkpoint import LIVE, Lane
from shared.export.edges import Rules
from shared.export.gaps import with_gaps, with_unreadable
from shared.export.keys import Keys
from shared.export.manifest import Cost, Written
from shared.export.session import Session
from shared.export.window_blob import BlobWriter, WindowFacts
from shared.graph.answers import OutOfTime
from shared.graph.lists import GraphList
from shared.graph.pages import PageReader, Row
from shared.graph.reading import Reading
from shared.graph.sources import Source
from shared.instants import DAY, MICROSECOND, Instant


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time to be exported as one blob."""

    start: Instant
    end: Instant
    read_start: Instant
    known: Keys
    """What was exported before from ``read_start`` on."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of a window."""

    facts: WindowFacts
    keys: Keys
    written: Written | None
    """None: no news, and the day goes on, so the window stays open."""
    cost: Cost | None = None
    """None where the blob was found, left by a crash."""
    error: GraphUnavailable | None = None
    """Why the window ends early, where Graph is the reason."""


class Stopped(Enum):
    """Why a window has no blob of this run."""

    TAKEN = "there is a blob of its name already"
    DROPPED = "time ran out, or a window before it ended early"


class Scan:
    """One run over one lane of a session's checkpoint."""

    def __init__(self, session: Session, source: Source, rules: Rules, deadline: float, track: str = LIVE) -> None:
        """``deadline`` is the monotonic second from which the scan ends as soon as it has gained ground."""
        self._session = session
        self._edges = session.edges
        self._source = source
        self._rules = rules
        self._deadline = deadline
        self._track = track
        self._tenant = session.checkpoint.tenant
        self._stop = threading.Event()

    @property
    def lane(self) -> Lane:
        """The lane as it stands now."""
        return self._session.checkpoint.lanes[self._track]

    def run(self, until: Instant) -> bool:
        """Export up to ``until`` and tell whether all of it was done; if not, time ran out.

        Raises:
            GraphRefused, GraphUnavailable: what was read whole before is exported.
            StorageConflict: the lease is lost.
        """
        while self.lane.at() < until:
            start = self.lane.at()
            name = names.window(self._source.name, self._tenant, start)
            # A blob here was left by a run that crashed, or lost its lease, before its checkpoint. It is never read
            # again from Graph, which may not show those revisions any more.
            if found := window_blob.find(self._edges.data, name, PageReader(self._source), self._rules.overlap):
                self._finish(Exported(found.facts, found.keys, found.written))
            elif not self._catch_up(until):
                break
            if self._late():
                break
        else:
            return True
        return not self._late()

    def _catch_up(self, until: Instant) -> bool:
        """Export the windows ahead, several at once; whether there may be more to do at once."""
        plan = self._plan(until)
        running: deque[tuple[Window, Future[Exported | Stopped]]] = deque()
        self._stop.clear()
        with self._edges.pool(self._rules.concurrency) as pool:
            try:
                while True:
                    while len(running) < self._rules.concurrency and (window := next(plan, None)):
                        running.append((window, pool.submit(self._export, window)))
                    if not running:
                        return True
                    window, future = running.popleft()
                    result = future.result()
                    if isinstance(result, Stopped):
                        return result is Stopped.TAKEN
                    self._finish(result)
                    if isinstance(result.error, OutOfTime):
                        self._deadline = self._edges.clock.monotonic()
                    elif result.error:
                        raise result.error
                    if result.written is None or result.facts.end < window.end:
                        return False
            finally:
                self._stop.set()

    def _plan(self, until: Instant) -> Iterator[Window]:
        """The windows ahead, no further than a blob that is already there: it is finished, not read again."""
        lane = self.lane
        read_start, known = lane.read_start(self._rules.overlap), Keys.from_json(lane.keys)
        for start, end in instants.midnights(lane.at(), until):
            if start > lane.at():
                if self._edges.data.properties(names.window(self._source.name, self._tenant, start)):
                    return
                read_start, known = start, Keys()
            yield Window(start, end, read_start, known)

    def _export(self, window: Window) -> Exported | Stopped:
        """Read one window and commit its blob; runs on a thread of its own."""
        began = self._edges.clock.monotonic()
        tally = self._session.tally()
        pages = GraphList(self._edges.graph, self._tenant, self._source, tally, self._deadline)
        known_bad = [instants.from_text(gap.start) for gap in self._session.checkpoint.gaps if not gap.provider]
        reading = Reading(pages, window.read_start, window.end, known_bad)
        name = names.window(self._source.name, self._tenant, window.start)
        with self._edges.pool(1) as pool:
            fill = _Fill(BlobWriter(self._edges.data, name, pool), window, reading, self._rules.overlap)
            error = None
            try:
                if not self._read(fill):
                    return Stopped.DROPPED
            except GraphUnavailable as unavailable:
                if not self._may_cut(fill):
                    return _nothing(window, reading, unavailable)
                error = unavailable
            else:
                for rows in reading.second_chance():
                    fill.take(rows)
            facts = fill.facts()
            if facts.records == 0 and facts.end == window.end and window.end % DAY:
                written = None
            else:
                self._session.lease.check()
                try:
                    written = fill.writer.commit(facts.to_metadata())
                except StorageConflict:
                    return Stopped.TAKEN
        cost = Cost(tally, self._edges.clock.monotonic() - began, fill.duplicates)
        return Exported(facts, fill.keys, written, cost, error)

    def _read(self, fill: "_Fill") -> bool:
        """Read to the window's end, or as far as time allows; False where the window is dropped."""
        for rows in fill.reading.batches():
            fill.take(rows)
            if self._stop.is_set():
                return False
            self._session.lease.check()
            if self._late():
                if fill.window.start != self.lane.at():
                    return False
                if self._may_cut(fill):
                    break
        return True

    def _may_cut(self, fill: "_Fill") -> bool:
        """Whether the window can end where the reading stands: only the one at the watermark, and only with ground."""
        return fill.window.start == self.lane.at() and fill.end() > fill.window.start

    def _finish(self, exported: Exported) -> None:
        """Move the watermark over a window, or note what a scan without news has met."""
        facts = exported.facts
        checkpoint = self._session.checkpoint
        if facts.failed or facts.unreadable:
            events.emit(
                Event.GAP,
                source=self._source.name,
                tenant=self._tenant,
                start=instants.to_text(facts.read_start),
                end=instants.to_text(facts.end),
                providers=facts.failed,
                unreadable=[instants.to_text(at) for at in facts.unreadable],
            )
        gaps = with_gaps(checkpoint.gaps, facts.failed, facts.read_start, facts.end)
        gaps = with_unreadable(gaps, facts.unreadable, facts.read_start, facts.end)
        checkpoint = checkpoint.replace(gaps=gaps)
        if exported.written is None:
            self._session.checkpoint = checkpoint
            return
        lane = self.lane.moved(facts.end, exported.keys, self._rules.overlap)
        checkpoint = checkpoint.replace(lanes=checkpoint.lanes | {self._track: lane})
        content = manifest.content(
            self._source.name,
            self._tenant,
            names.window(self._source.name, self._tenant, facts.start),
            {"start": facts.start, "end": facts.end, "read_start": facts.read_start},
            exported.written,
            facts.records,
            facts.failed,
            exported.cost,
            facts.unreadable,
        )
        name = names.manifest(self._source.name, self._tenant, facts.start)
        self._session.finish(checkpoint, name, content, facts.records)

    def _late(self) -> bool:
        return self._edges.clock.monotonic() >= self._deadline


class _Fill:
    """A window being filled: its writer, the keys of its rows, and how far it is whole."""

    def __init__(self, writer: BlobWriter, window: Window, reading: Reading, overlap: Instant) -> None:
        self.writer = writer
        self.window = window
        self.reading = reading
        self.keys = Keys()
        self.duplicates = 0
        self._overlap = overlap
        self._records = 0

    def take(self, rows: list[Row]) -> None:
        """Write the rows that were not exported before."""
        fresh = [row for row in rows if row not in self.window.known]
        self.duplicates += len(rows) - len(fresh)
        self._records += len(fresh)
        self.writer.write(fresh)
        self.keys.add(fresh)
        self.keys.forget_before(self.end() - self._overlap)

    def end(self) -> Instant:
        """Where the window would end now: at the first instant not known to be read whole."""
        return instants.floor(self.reading.whole_before, MICROSECOND)

    def facts(self) -> WindowFacts:
        """What the blob will say of itself. Rows beyond the end go along: their keys are remembered."""
        return WindowFacts(
            start=self.window.start,
            end=self.end(),
            read_start=self.window.read_start,
            records=self._records,
            failed=self.reading.failed,
            unreadable=[at for at in self.reading.unreadable if at < self.end()],
        )


def _nothing(window: Window, reading: Reading, error: GraphUnavailable) -> Exported:
    """No ground was gained, but what stood in the way is known, and the next run reads around it.

    Raises:
        GraphUnavailable: it is not known.
    """
    if not reading.unreadable:
        raise error
    facts = WindowFacts(window.start, window.start, window.read_start, 0, unreadable=reading.unreadable)
    return Exported(facts, Keys(), None, error=error)
