"""How windows join: without a gap, and in the order in which the export writes them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared import instants
from shared.export.checkpoint import HISTORY, LIVE, Checkpoint
from shared.instants import DAY, Instant
from shared.verify.links import Link


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time up to, but without, its end."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Joined:
    """How the windows of a chain join."""

    holes: Sequence[Span]
    """Time that should be exported and that no window covers."""
    overlapping: Sequence[Link]


def expected(checkpoint: Checkpoint) -> list[Span]:
    """What the checkpoint says is exported: from the first start to the watermark, and of a day of history a part."""
    first = instants.from_text(checkpoint.first_start)
    spans = [Span(first, checkpoint.lanes[LIVE].at())]
    if lane := checkpoint.lanes.get(HISTORY):
        spans.insert(0, Span(first - DAY, lane.at()))
    return [span for span in spans if span.start < span.end]


def join(windows: Iterable[tuple[Link, Instant]], spans: Sequence[Span]) -> Joined:
    """Lay windows, each with its end, over the stretches that should be exported."""
    in_time = sorted(windows, key=lambda each: each[0].start)
    holes: list[Span] = []
    overlapping: list[Link] = []
    upto = min((link.start for link, _ in in_time), default=0)
    covered: list[Span] = []
    for link, end in in_time:
        if link.start < upto or not any(span.start <= link.start and end <= span.end for span in spans):
            overlapping.append(link)
        covered.append(Span(link.start, end))
        upto = max(upto, end)
    for span in spans:
        holes += _holes(span, covered)
    return Joined(holes, overlapping)


def _holes(span: Span, covered: Sequence[Span]) -> Iterator[Span]:
    at = span.start
    for each in covered:
        if each.end <= at or each.start >= span.end:
            continue
        if each.start > at:
            yield Span(at, each.start)
        at = max(at, each.end)
    if at < span.end:
        yield Span(at, span.end)


def disordered(links: Sequence[Link]) -> Iterator[Link]:
    """Windows that the export would have written earlier; ``links`` is a whole chain, the first one first.

    New windows come in the order of time. History before the first window comes a day at a time, the latest first, and
    each day in the order of time.
    """
    windows = [link for link in links if link.is_window]
    begun = windows[0].start if windows else 0
    written: dict[str, tuple[Instant, Instant]] = {}
    for link in windows:
        day = instants.floor(link.start, DAY)
        lane, turn = (LIVE, (0, link.start)) if link.start >= begun else (HISTORY, (-day, link.start))
        if lane in written and turn < written[lane]:
            yield link
        else:
            written[lane] = turn


def begins_next(checkpoint: Checkpoint, start: Instant, now: Instant) -> bool:
    """Whether a run in progress may have written a window that begins there: its manifest is still to come."""
    live = checkpoint.lanes[LIVE].at()
    if live <= start <= now:
        return start in (live, instants.floor(start, DAY))
    first = instants.from_text(checkpoint.first_start)
    if lane := checkpoint.lanes.get(HISTORY):
        # Where that day is filled, the day before it comes next.
        return start == (lane.at() if lane.at() < first else first - 2 * DAY)
    return checkpoint.since is not None and start == first - DAY
