"""One chain as values: what the checkpoint, the manifests and the names of the blobs say together. Pure.

A break of the chain alone does not tell whether a manifest was altered or removed. Its surroundings do: where one was
removed, its window is missing among the others, or its blob is there without it. Several damages at once may be told
under each other's names, and one in another's shadow may be told only when that is mended; none goes untold whole.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise

from shared import instants
from shared.export import names
from shared.export.checkpoint import Checkpoint
from shared.export.names import blob_of, manifest_of
from shared.graph.sources import DAILY
from shared.instants import DAY, Instant
from shared.verify import links, walk, windows
from shared.verify.findings import Finding, Kind
from shared.verify.links import Link
from shared.verify.places import Place, place
from shared.verify.walk import Break, Walk
from shared.verify.windows import Span


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in storage of one source and tenant."""

    source: str
    tenant: str
    checkpoint: Checkpoint | None
    """As it was before anything else was looked at."""
    links: Sequence[Link]
    blobs: AbstractSet[str]
    """Names."""
    now: Instant
    moved: bool = False
    """Whether the app has written to the chain while it was looked at."""


@dataclass(slots=True)
class Judgement:
    """What a chain looks like before any blob was read."""

    findings: list[Finding] = field(default_factory=list)
    in_progress: list[str] = field(default_factory=list)
    """What lies outside the chain because a run is at work, or was cut off: the next one makes it part of the chain."""
    compare: list[Link] = field(default_factory=list)
    """Their blobs are there, and must be what they say."""
    read: list[str] = field(default_factory=list)
    """Blobs whose manifest was altered: nothing is known to compare them with, but their records count."""


type WindowEnd = Callable[[str], Instant | None]
"""The end of a window as its blob says it in its metadata; None where it does not."""


def judge(stored: Stored, window_end: WindowEnd, since: Instant = 0) -> Judgement:
    """Find what names, digests and times can tell; what lies before ``since`` may have been removed by plan."""
    return _Case(stored, window_end, since).judge()


@dataclass(slots=True)
class _Case:
    stored: Stored
    window_end: WindowEnd
    since: Instant
    result: Judgement = field(default_factory=Judgement)
    signs: list[Span] = field(default_factory=list)
    """Where a manifest was removed: each explains one break of the chain."""
    altered: set[str] = field(default_factory=set)

    def judge(self) -> Judgement:
        walked = self._walk()
        suspects = {each.found.name for each in walked.breaks if each.found}
        holes = self._windows(walked, suspects)
        unfinished = self._unclaimed(walked, suspects, holes)
        self._breaks(walked.breaks, unfinished)
        self.result.in_progress += unfinished
        for link in walked.outside:
            self._tell(Kind.MANIFEST_UNKNOWN, link.name)
        self._in_chain(walked)
        return self.result

    def _tell(self, kind: Kind, where: str, detail: str = "") -> None:
        self.result.findings.append(Finding(kind, where, detail))

    def _walk(self) -> Walk:
        """The chain; a manifest that a crash left unwritten counts as if it were there."""
        stored, checkpoint = self.stored, self.stored.checkpoint
        if checkpoint is None:
            self._tell(Kind.CHECKPOINT_UNUSABLE, names.checkpoint(stored.source, stored.tenant))
            return walk.walk(None, stored.links, head_known=False)
        known = list(stored.links)
        pending = checkpoint.manifest
        if pending and all(link.name != pending.name for link in known):
            known.append(links.read(stored.source, stored.tenant, pending.name, pending.text.encode()))
            self.result.in_progress.append(pending.name)
        head = bytes.fromhex(checkpoint.chain) if checkpoint.chain else None
        if stored.moved:
            newer = {link.name for link in walk.newer(head, known)}
            self.result.in_progress += newer
            known = [link for link in known if link.name not in newer]
        return walk.walk(head, known)

    def _windows(self, walked: Walk, suspects: set[str]) -> Sequence[Span]:
        """How the windows join, and stand in the chain; where they leave a hole."""
        known = [self._as_named(link, suspects) for link in walked.links]
        if self.stored.source in DAILY:
            return [Span(day, day + DAY) for day in sorted(self._kept_days() - {link.start for link in known})]
        ends = [(link, self._end(link, suspects)) for link in known if link.is_window]
        checkpoint = self.stored.checkpoint
        if checkpoint:
            spans = windows.expected(checkpoint)
        else:
            spans = [Span(min(link.start for link, _ in ends), max(end for _, end in ends))] if ends else []
        joined = windows.join(ends, spans)
        for link in joined.overlapping:
            if link.name not in suspects:
                self._tell(Kind.WINDOW_OVERLAPPING, link.blob, f"until {instants.to_text(link.end)}")
        if not walked.breaks:
            for link in windows.disordered(walked.links[::-1]):
                self._tell(Kind.WINDOW_DISORDERED, link.name)
        return joined.holes

    def _as_named(self, link: Link, suspects: set[str]) -> Link:
        """The link, or what its name says where its text can't be trusted."""
        if link.name not in suspects:
            return link
        named = links.nothing(self.stored.source, self.stored.tenant, link.name, link.digest)
        return named if named.where and named.blob != link.blob else link

    def _end(self, link: Link, suspects: set[str]) -> Instant:
        told = self.window_end(link.blob) if link.name in suspects and link.blob in self.stored.blobs else None
        return told or link.end

    def _kept_days(self) -> set[Instant]:
        checkpoint = self.stored.checkpoint
        return {instants.from_date(day) for day in checkpoint.days} if checkpoint else set()

    def _unclaimed(self, walked: Walk, suspects: set[str], holes: Sequence[Span]) -> list[str]:
        """Look at the blobs that no manifest of the chain names; those that a run may have left are returned."""
        claimed = {self._as_named(link, suspects).blob for link in walked.links}
        if self.stored.moved:
            claimed |= {link.blob for link in self.stored.links}
        highest = _highest_numbers(self.stored.links if self.stored.moved else walked.links)
        unfinished: list[str] = []
        starts: dict[Span, list[Instant]] = {hole: [] for hole in holes}
        for blob in sorted(self.stored.blobs - claimed):
            where = self._place(blob)
            hole = where and self._hole(where, holes, highest)
            if where and hole:
                starts.setdefault(hole, []).append(where.start)
                if where.day >= self.since:
                    self._tell(Kind.MANIFEST_MISSING, manifest_of(blob), f"its blob is there: {blob}")
            elif where and where.day < self.since:
                continue
            elif where and self._may_be_unfinished(where, highest, unfinished):
                unfinished.append(blob)
            else:
                self._tell(Kind.BLOB_UNKNOWN, blob)
        for hole, begun in starts.items():
            first = min(begun, default=hole.end)
            if hole.start < first and first > self.since:
                self._tell(Kind.WINDOW_MISSING, self._hole_place(hole), f"until {instants.to_text(first)}")
            edges = sorted({hole.start, *begun, hole.end})
            self.signs += [Span(*pair) for pair in pairwise(edges)] or [hole]
        return unfinished

    def _hole(self, where: Place, holes: Sequence[Span], highest: dict[Instant, int]) -> Span | None:
        """The hole that a blob lies in, so that it once had a manifest."""
        if where.number is not None:
            was = 0 < where.number < highest.get(where.day, 0)
            return Span(where.day, where.day) if was else None
        return next((hole for hole in holes if hole.start <= where.start < hole.end), None)

    def _hole_place(self, hole: Span) -> str:
        source, tenant = self.stored.source, self.stored.tenant
        if source in DAILY:
            return names.snapshot(source, tenant, instants.to_date(hole.start))
        return names.window(source, tenant, hole.start)

    def _may_be_unfinished(self, where: Place, highest: dict[Instant, int], unfinished: Sequence[str]) -> bool:
        checkpoint = self.stored.checkpoint
        if checkpoint is None:
            return False
        if where.number is not None:
            return where.number == highest.get(where.day, 0) + 1
        if self.stored.source in DAILY:
            return where.day > max(self._kept_days(), default=-1) and where.day <= self.stored.now and not unfinished
        if self.stored.moved and where.start >= checkpoint.lanes["live"].at():
            return True
        return windows.begins_next(checkpoint, where.start, self.stored.now)

    def _breaks(self, breaks: Sequence[Break], unfinished: list[str]) -> None:
        """Tell each break of the chain that no removed manifest explains."""
        for each in [each for each in breaks if not self._beside(each)]:
            if self.signs:
                self.signs.pop()
            elif each.after and each.after.name in self.altered:
                pass  # what it names as previous was altered with it
            elif added := [blob for blob in unfinished if (where := self._place(blob)) and where.number is not None]:
                unfinished.remove(added[-1])
                self._tell(Kind.MANIFEST_MISSING, manifest_of(added[-1]), f"its blob is there: {added[-1]}")
            elif lost := self._lost(each):
                if lost[1].day >= self.since:
                    self._tell(Kind.MANIFEST_MISSING, lost[0], f"and so is its blob: {blob_of(lost[0])}")
            elif each.found:
                self.altered.add(each.found.name)
                if self.stored.checkpoint or each.after:
                    after = f"{each.after.name} names" if each.after else "the checkpoint names"
                    self._tell(Kind.MANIFEST_ALTERED, each.found.name, f"{after} another digest")
            elif not self.since:
                last = each.after.name if each.after else names.checkpoint(self.stored.source, self.stored.tenant)
                self._tell(Kind.MANIFEST_MISSING, last, "it is the one that this one names as the last before it")

    def _lost(self, each: Break) -> tuple[str, Place] | None:
        """The manifest of what was added to a day later, if it is what the break's end names and is not there."""
        checkpoint = self.stored.checkpoint
        name = each.after.previous_name if each.after else checkpoint and checkpoint.last
        if not name or any(link.name == name for link in self.stored.links):
            return None
        where = self._place(blob_of(name))
        return (name, where) if where and where.number is not None else None

    def _place(self, blob: str) -> Place | None:
        return place(self.stored.source, self.stored.tenant, blob)

    def _beside(self, each: Break) -> bool:
        """Whether a manifest was removed just there."""
        for sign in self.signs:
            if (each.after and each.after.start == sign.end) or (each.found and each.found.end == sign.start):
                self.signs.remove(sign)
                return True
        return False

    def _in_chain(self, walked: Walk) -> None:
        """Every manifest of the chain lies where it should, and its blob is there to be compared with it."""
        for link in walked.links:
            named = self._as_named(link, self.altered)
            if named.start < self.since and named.where:
                continue
            if link.name not in self.altered and _misplaced(link):
                self._tell(Kind.MANIFEST_MISPLACED, link.name, f"it is of {link.blob}")
            if named.blob not in self.stored.blobs:
                self._tell(Kind.BLOB_MISSING, named.blob)
            elif link.name in self.altered:
                self.result.read.append(named.blob)
            else:
                self.result.compare.append(link)


def _misplaced(link: Link) -> bool:
    return link.where is None or link.name != manifest_of(link.blob)


def _highest_numbers(chain: Sequence[Link]) -> dict[Instant, int]:
    """The highest number, by day, of the blobs that a comparison has added."""
    highest: dict[Instant, int] = {}
    for where in (link.where for link in chain):
        if where and where.number is not None:
            highest[where.day] = max(highest.get(where.day, 0), where.number)
    return highest
