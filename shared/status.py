"""How the export is doing, from the checkpoints. Pure."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shared import instants
from shared.export.checkpoint import LIVE, Checkpoint
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
    """The last job failed; ``failure`` says why and what to do."""
    GONE = "gone"
    """Graph does not offer the source (any more). No alarm: take it out of EXPORT_SOURCES."""


_HEALTHY = (State.OK, State.GONE)


def report(checkpoints: Mapping[tuple[str, str], Checkpoint | None], now: Instant) -> dict[str, object]:
    """The status as JSON-ready values; ``checkpoints`` by tenant and source, None where none was written yet.

    Times are UTC, ``lag_seconds`` says how long ago everything that Graph showed was in blobs.
    """
    tenants: dict[str, dict[str, object]] = {}
    healthy = True
    for (tenant, source), checkpoint in checkpoints.items():
        state = _state(checkpoint, source, now)
        healthy = healthy and state in _HEALTHY
        tenants.setdefault(tenant, {})[source] = {"state": state, **_details(checkpoint, source, now)}
    return {"healthy": healthy, "at": instants.to_text(now), "tenants": tenants}


def _state(checkpoint: Checkpoint | None, source: str, now: Instant) -> State:
    if checkpoint is None:
        return State.WAITING
    if checkpoint.failure:
        return State.GONE if checkpoint.failure.reason == "gone" else State.FAILING
    if checkpoint.complete_until is None:
        return State.WAITING
    late = now - instants.from_text(checkpoint.complete_until) > _LATE[source in INCREMENTAL]
    return State.LATE if late else State.OK


def _details(checkpoint: Checkpoint | None, source: str, now: Instant) -> dict[str, object]:
    if checkpoint is None:
        return {}
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
