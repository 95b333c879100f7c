"""The state of one source and tenant, and how a finished window changes it. Pure.

The checkpoint is written after the data and before its manifest: it carries the manifest's text, so that whoever
comes next can write a manifest that a crash left out, and the chain never forks.
"""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Annotated

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export.gaps import Gap
from shared.export.keys import Keys
from shared.export.reconciliation import Reconciliation
from shared.instants import MINUTE, Instant

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
