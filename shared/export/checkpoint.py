"""The state of one source and tenant, and how a finished window changes it. Pure.

The checkpoint is written after the data and before its manifest: it carries the manifest's text, so that whoever
comes next can write a manifest that a crash left out, and the chain never forks.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Annotated

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export.keys import Keys
from shared.export.reconciliation import Reconciliation
from shared.graph.pages import UNKNOWN_PROVIDER
from shared.instants import MINUTE, TICK, Instant

LIVE = "live"
HISTORY = "history"

_NEWS_KEPT = 24
_NEWS_APART = 60 * MINUTE

Text = Annotated[str, msgspec.Meta(description="An instant in Graph's form, 7 digits, UTC")]


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """How far one stretch of time is exported."""

    watermark: Text
    """Everything before it is in blobs; the next window begins here."""
    keys_from: Text
    """From here on ``keys`` knows every exported revision; nothing before it may be read again."""
    keys: dict[str, str] = {}

    @classmethod
    def beginning(cls, start: Instant) -> "Lane":
        """A lane in which nothing is exported."""
        return cls(watermark=instants.to_text(start), keys_from=instants.to_text(start))

    def at(self) -> Instant:
        """The watermark."""
        return instants.from_text(self.watermark)

    def read_start(self, overlap: Instant) -> Instant:
        """Where a scan begins to read: the overlap before the watermark, as far as the keys are known."""
        return max(self.at() - overlap, instants.from_text(self.keys_from))

    def moved(self, to: Instant, fresh: Keys, overlap: Instant) -> "Lane":
        """The lane after a window that ends at ``to`` and brought the ``fresh`` keys."""
        keys = Keys.from_json(self.keys).merged(fresh)
        keep = max(Keys.complete_from(to, overlap), instants.from_text(self.keys_from))
        keys.forget_before(keep)
        return Lane(watermark=instants.to_text(to), keys_from=instants.to_text(keep), keys=keys.to_json())


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which something could not be read."""

    provider: str
    """``Vendor/Provider``; empty for a single unreadable record, which lies at ``start``."""
    start: Text
    end: Text
    status: int
    """What the provider, or Graph, answered."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest as text, with the name of its blob."""

    name: str
    text: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why the last job of this source and tenant did not succeed."""

    at: Text
    reason: str
    message: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a job must know of the jobs before it."""

    v: int = 1
    source: str
    tenant: str
    first_start: Text
    """The earliest instant that is exported; ``since`` moves it back."""
    lanes: dict[str, Lane]
    """``LIVE``, and while history is extended backwards ``HISTORY``: one day before the first start."""
    since: date | None = None
    """How far back history is wanted; None where it is there."""
    days: list[date] = []
    """The latest days that are kept, where a source is kept by days."""
    manifest: Manifest | None = None
    """The last manifest; None once it is known to be written."""
    chain: str | None = None
    """The sha256 of the last manifest: ``previous`` of the next one."""
    last: str | None = None
    """Its name, ``previous_name`` of the next one: so the chain can be followed, and only what is new of it read."""
    records: int = 0
    """Exported so far."""
    gaps: list[Gap] = []
    mark: str | None = None
    """The mark that the last finished scan had seen when it began."""
    scan_began: Text | None = None
    scan_finished: Text | None = None
    complete_until: Text | None = None
    """Everything that Graph showed before this instant is in blobs."""
    news: list[Text] = []
    """When scans brought something new, at most one an hour, the latest ones: to be compared with notifications."""
    failure: Failure | None = None
    warnings: list[str] = []
    """What the last run found odd in the data, in words."""
    reconcile: Reconciliation = Reconciliation()
    """The comparison of what was exported with Graph."""

    def replace(self, **changes: object) -> "Checkpoint":
        """A copy with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def with_news(self, at: Text) -> "Checkpoint":
        """The checkpoint after a scan that brought something new."""
        if self.news and instants.from_text(at) - instants.from_text(self.news[-1]) < _NEWS_APART:
            return self
        return self.replace(news=[*self.news, at][-_NEWS_KEPT:])

    def with_manifest(self, name: str, content: Mapping[str, object], records: int) -> "Checkpoint":
        """The checkpoint after data whose manifest is this content, linked to the manifest before it."""
        linked = {**content, "previous": self.chain, "previous_name": self.last}
        text = msgspec.json.format(msgspec.json.encode(linked), indent=2).decode() + "\n"
        return self.replace(
            manifest=Manifest(name=name, text=text),
            chain=sha256(text.encode()).hexdigest(),
            last=name,
            records=self.records + records,
        )


def encode(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as JSON."""
    return msgspec.json.encode(checkpoint)


def decode(data: bytes, name: str) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        DataNotUnderstood: somebody else's hand was in it.
    """
    try:
        checkpoint = msgspec.json.decode(data, type=Checkpoint)
        _check(checkpoint)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        what = f"The checkpoint {name} can't be read ({error}): restore its previous version."
        raise DataNotUnderstood(f"{what} Nothing is exported until then.") from error
    return checkpoint


def _check(checkpoint: Checkpoint) -> None:
    """Look at what no type tells: whoever goes on to work with it relies on each time, and on the lane."""
    if LIVE not in checkpoint.lanes:
        raise ValueError(f"it has no lane {LIVE}")
    times = (
        *(checkpoint.first_start, checkpoint.scan_began, checkpoint.scan_finished, checkpoint.complete_until),
        *(text for lane in checkpoint.lanes.values() for text in (lane.watermark, lane.keys_from)),
        *(text for gap in checkpoint.gaps for text in (gap.start, gap.end)),
        *(text for stretch in checkpoint.reconcile.todo for text in (stretch.start, stretch.end)),
        *checkpoint.news,
    )
    for text in times:
        if text is not None:
            instants.from_text(text)


def with_gaps(gaps: list[Gap], failed: Mapping[str, int], start: Instant, end: Instant) -> list[Gap]:
    """Widen each failed provider's gap to cover ``[start, end)``, or open one."""
    known = {gap.provider: gap for gap in gaps if gap.provider}
    singles = [gap for gap in gaps if not gap.provider]
    for provider, status in failed.items():
        new = Gap(provider=provider, start=instants.to_text(start), end=instants.to_text(end), status=status)
        old = known.get(provider, new)
        known[provider] = msgspec.structs.replace(new, start=min(old.start, new.start), end=max(old.end, new.end))
    return [*known.values(), *singles]


def answered(provider: str, failed: Collection[str]) -> bool:
    """Whether a provider surely was not among those that failed."""
    return not failed if provider == UNKNOWN_PROVIDER else provider not in failed and UNKNOWN_PROVIDER not in failed


def with_compared(gaps: Iterable[Gap], failed: Collection[str], start: Instant, end: Instant) -> list[Gap]:
    """Take ``[start, end)`` from the gaps of the providers that answered when it was compared.

    A gap stays one stretch: it is shortened at its ends, and what lies in its middle is compared again with them.
    """
    return [
        left
        for gap in gaps
        if (left := _cut(gap, start, end) if gap.provider and answered(gap.provider, failed) else gap)
    ]


def _cut(gap: Gap, start: Instant, end: Instant) -> Gap | None:
    first, last = instants.from_text(gap.start), instants.from_text(gap.end)
    if start <= first:
        first = max(first, end)
    if end >= last:
        last = min(last, start)
    if first >= last:
        return None
    return msgspec.structs.replace(gap, start=instants.to_text(first), end=instants.to_text(last))


def with_unreadable(gaps: list[Gap], unreadable: Iterable[Instant], start: Instant, end: Instant) -> list[Gap]:
    """Name each record that could not be read; those of ``[start, end)`` that can be now are gaps no more."""
    mended = {gap.start for gap in gaps if start <= instants.from_text(gap.start) < end}
    others = [gap for gap in gaps if gap.provider or gap.start not in mended]
    named = {gap.start for gap in others if not gap.provider}
    new = [
        Gap(provider="", start=text, end=instants.to_text(at + TICK), status=500)
        for at, text in sorted((at, instants.to_text(at)) for at in set(unreadable))
        if text not in named
    ]
    return [*others, *new]
