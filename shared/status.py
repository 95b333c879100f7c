"""How the export is doing, from the checkpoints. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from shared import instants
from shared.export.checkpoint import LIVE, Checkpoint, Failure
from shared.export.reconciliation import Reconciliation
from shared.graph.sources import INCREMENTAL
from shared.instants import DAY, MINUTE, Instant

_LATE = {True: 60 * MINUTE, False: 36 * 60 * MINUTE}
"""How old the last whole export may be, for incremental sources and for daily ones."""


class State(StrEnum):
    """One word for one source and tenant."""

    OK = "ok"
    WAITING = "waiting"
    """Nothing was exported yet."""
    LATE = "late"
    """The last whole export is too long ago."""
    FAILING = "failing"
    """The last job failed, or the checkpoint can't be read; ``failure`` says why and what to do."""
    GONE = "gone"
    """Graph does not offer the source (any more). No alarm: take it out of EXPORT_SOURCES."""


_HEALTHY = (State.OK, State.GONE)

type Known = Checkpoint | Failure | None
"""What is known of a source: its checkpoint, why that can't be read, or None where none was written yet."""

SHOWN: Final = 20
"""Tenants that status shows in full. Of more, it shows these many, the worst first, and counts them all."""

_WORST_FIRST: Final = (State.FAILING, State.LATE, State.WAITING, State.GONE, State.OK)


@dataclass(frozen=True, slots=True)
class OfTenant:
    """One tenant's part of the status."""

    tenant: str
    healthy: bool
    sources: Mapping[str, Mapping[str, Any]]
    subscriptions: Mapping[str, Any] | None
    """None where there are no webhooks."""

    def badness(self) -> tuple[bool, int, int]:
        """To sort by: what is well comes last; then by the worst source's state, and the largest lag."""
        rank = min((_WORST_FIRST.index(source["state"]) for source in self.sources.values()), default=0)
        lag = max((source.get("lag_seconds") or 0 for source in self.sources.values()), default=0)
        return self.healthy, rank, -lag


def join(parts: Sequence[OfTenant], now: Instant) -> dict[str, object]:
    """The status of all tenants: each in full, or, where they are many, the worst in full and a summary of all."""
    shown = sorted(parts, key=OfTenant.badness)[:SHOWN] if len(parts) > SHOWN else parts
    joined: dict[str, object] = {"healthy": all(part.healthy for part in parts), "at": instants.to_text(now)}
    if len(parts) > SHOWN:
        joined["summary"] = _summary(parts)
    joined["tenants"] = {part.tenant: part.sources for part in shown}
    if any(part.subscriptions is not None for part in parts):
        joined["subscriptions"] = {part.tenant: part.subscriptions for part in shown}
    return joined


def _summary(parts: Sequence[OfTenant]) -> dict[str, object]:
    """How many tenants there are, how many are not well, and how many are in which state."""
    sources: dict[str, Counter[str]] = {}
    subscriptions: Counter[str] = Counter()
    silent = failing = 0
    for part in parts:
        for name, source in part.sources.items():
            sources.setdefault(name, Counter())[source["state"]] += 1
        if kept := part.subscriptions:
            subscriptions.update(one["state"] for one in kept["subscriptions"])
            silent += kept["silent"]
            failing += kept["failure"] is not None
    summary: dict[str, object] = {
        "tenants": len(parts),
        "unhealthy": sum(not part.healthy for part in parts),
        "shown": min(len(parts), SHOWN),
        "sources": sources,
    }
    if any(part.subscriptions is not None for part in parts):
        summary["subscriptions"] = {**subscriptions, "failing": failing, "silent": silent}
    return summary


def report(checkpoints: Mapping[tuple[str, str], Known], now: Instant) -> dict[str, object]:
    """The status as JSON-ready values; ``checkpoints`` by tenant and source.

    Times are UTC, ``lag_seconds`` says how long ago everything that Graph showed was in blobs.
    """
    tenants: dict[str, dict[str, object]] = {}
    healthy = True
    for (tenant, source), checkpoint in checkpoints.items():
        state = state_of(checkpoint, source, now)
        healthy = healthy and state in _HEALTHY
        tenants.setdefault(tenant, {})[source] = {"state": state, **_details(checkpoint, source, now)}
    return {"healthy": healthy, "at": instants.to_text(now), "tenants": tenants}


def state_of(checkpoint: Known, source: str, now: Instant) -> State:
    """The word for a source whose checkpoint this is."""
    if checkpoint is None:
        return State.WAITING
    if isinstance(checkpoint, Failure):
        return State.FAILING
    if checkpoint.failure:
        return State.GONE if checkpoint.failure.reason == "gone" else State.FAILING
    if checkpoint.complete_until is None:
        return State.WAITING
    late = now - instants.from_text(checkpoint.complete_until) > _LATE[source in INCREMENTAL]
    return State.LATE if late else State.OK


def _details(checkpoint: Known, source: str, now: Instant) -> dict[str, object]:
    if checkpoint is None:
        return {}
    if isinstance(checkpoint, Failure):
        return {"failure": msgspec.to_builtins(checkpoint)}
    until = checkpoint.complete_until
    details: dict[str, object] = {
        "complete_until": until,
        "lag_seconds": (now - instants.from_text(until)) // instants.SECOND if until else None,
        "scan_began": checkpoint.scan_began,
        "records": checkpoint.records,
        "gaps": msgspec.to_builtins(checkpoint.gaps),
        "failure": msgspec.to_builtins(checkpoint.failure),
        "warnings": [*checkpoint.warnings, *_notes(checkpoint, source)],
    }
    if source in INCREMENTAL:
        details |= {
            "watermark": checkpoint.lanes[LIVE].watermark,
            "first_start": checkpoint.first_start,
            "since": checkpoint.since and checkpoint.since.isoformat(),
            "reconcile": _reconcile(checkpoint.reconcile),
        }
    else:
        details |= {"last_day": max(checkpoint.days, default=None)}
    return details


def _reconcile(last: Reconciliation) -> dict[str, object] | None:
    """What the last comparison with Graph found, and from where on it has days left to do."""
    if last.began is None:
        return None
    left = last.piece()
    return {
        "began": last.began,
        "finished": last.finished,
        "left_from": instants.to_text(left[0]) if left else None,
        "days": last.days,
        "seen": last.seen,
        "missing": last.missing,
        "filled": last.filled,
        "only_in_blobs": last.only_in_blobs,
        "removed": last.removed,
        "failed": last.failed,
    }


def _notes(checkpoint: Checkpoint, source: str) -> list[str]:
    exported_for = instants.from_text(checkpoint.complete_until or checkpoint.first_start)
    if (
        source == "alerts"
        and not checkpoint.records
        and exported_for - instants.from_text(checkpoint.first_start) > DAY
    ):
        return [
            "Graph has shown no legacy alert at all. Microsoft announced that the endpoint stops returning data on "
            "2026-10-15: take alerts out of EXPORT_SOURCES."
        ]
    return []
