"""Gaps: stretches of time in which something could not be read, and how reading and comparing changes them. Pure."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from shared import instants
from shared.graph.pages import UNKNOWN_PROVIDER
from shared.instants import TICK, Instant


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which something could not be read."""

    provider: str
    """``Vendor/Provider``; empty for a single unreadable record, which lies at ``start``."""
    start: str
    """Instants in Graph's form."""
    end: str
    status: int
    """What the provider, or Graph, answered."""
    removed: bool = False
    """Whether blobs of that time were removed: no daily comparison tries it again."""


def with_gaps(gaps: list[Gap], failed: Mapping[str, int], start: Instant, end: Instant) -> list[Gap]:
    """Widen each failed provider's gap to cover ``[start, end)``, or open one."""
    known = {gap.provider: gap for gap in gaps if gap.provider and not gap.removed}
    others = [gap for gap in gaps if not gap.provider or gap.removed]
    for provider, status in failed.items():
        new = Gap(provider=provider, start=instants.to_text(start), end=instants.to_text(end), status=status)
        old = known.get(provider, new)
        known[provider] = msgspec.structs.replace(new, start=min(old.start, new.start), end=max(old.end, new.end))
    return [*known.values(), *others]


def answered(provider: str, failed: Collection[str]) -> bool:
    """Whether a provider surely was not among those that failed."""
    return not failed if provider == UNKNOWN_PROVIDER else provider not in failed and UNKNOWN_PROVIDER not in failed


def with_compared(gaps: Iterable[Gap], failed: Collection[str], start: Instant, end: Instant) -> list[Gap]:
    """Take ``[start, end)`` from the gaps of the providers that answered when it was compared.

    A gap stays one stretch: it is shortened at its ends, and what lies in its middle is compared again with them.
    """
    left: list[Gap] = []
    for gap in gaps:
        if gap.provider and answered(gap.provider, failed):
            left += _cut(gap, start, end)
        else:
            left.append(gap)
    return left


def with_removed(gaps: Iterable[Gap], start: Instant, end: Instant) -> list[Gap]:
    """Set apart what lies in ``[start, end)``, of which blobs were removed: it stays a gap, and the rest can go.

    As ever, a provider's gap is shortened at its ends only.
    """
    left: list[Gap] = []
    apart: list[Gap] = []
    for gap in gaps:
        if gap.removed:
            apart.append(gap)
            continue
        rest = _cut(gap, start, end)
        left += rest
        if rest != [gap]:
            first = max(gap.start, instants.to_text(start))
            apart.append(
                msgspec.structs.replace(gap, start=first, end=min(gap.end, instants.to_text(end)), removed=True)
            )
    return [*left, *_joined(apart)]


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """A provider's as one where they touch: a lifecycle rule removes a day every day."""
    joined: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: (gap.provider, gap.start)):
        last = joined[-1] if joined else None
        if last and gap.provider and last.provider == gap.provider and last.end >= gap.start:
            joined[-1] = msgspec.structs.replace(last, end=max(last.end, gap.end))
        else:
            joined.append(gap)
    return joined


def _cut(gap: Gap, start: Instant, end: Instant) -> list[Gap]:
    first, last = instants.from_text(gap.start), instants.from_text(gap.end)
    if start <= first:
        first = max(first, end)
    if end >= last:
        last = min(last, start)
    if first >= last:
        return []
    return [msgspec.structs.replace(gap, start=instants.to_text(first), end=instants.to_text(last))]


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
