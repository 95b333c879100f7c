"""History extended backwards: from the first start a day at a time, each day filled forward like any other."""

from collections.abc import Callable
from datetime import timedelta

from shared import instants
from shared.errors import GraphRefused
from shared.export.checkpoint import HISTORY, Checkpoint, Lane
from shared.export.edges import Rules
from shared.export.scan import Scan
from shared.export.session import Session
from shared.graph.sources import Source


def extend_backwards(
    session: Session, source: Source, rules: Rules, deadline: float, interrupted: Callable[[], bool]
) -> bool:
    """Go back to ``since`` for as long as time lasts and nobody wants a scan; whether it is done.

    Raises:
        GraphUnavailable: as a scan.
    """
    while (checkpoint := _next_day(session.checkpoint)).since:
        session.checkpoint = checkpoint
        if interrupted():
            return False
        scan = Scan(session, source, rules, deadline, HISTORY)
        try:
            if not scan.run(instants.from_text(checkpoint.first_start)):
                return False
        except GraphRefused as refusal:
            # The live export goes on; the day that was begun stays, for whoever asks again.
            warning = f"History before {session.checkpoint.first_start} was refused: {refusal}"
            session.checkpoint = session.checkpoint.replace(since=None, warnings=[warning])
            return True
    session.checkpoint = checkpoint
    return True


def _next_day(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with the day before the first start begun, or with ``since`` fulfilled."""
    lane = checkpoint.lanes.get(HISTORY)
    first = instants.from_text(checkpoint.first_start)
    if lane and lane.at() < first:
        return checkpoint
    if lane:  # the day is filled: history now begins with it
        first -= instants.DAY
        others = {track: lane for track, lane in checkpoint.lanes.items() if track != HISTORY}
        checkpoint = checkpoint.replace(first_start=instants.to_text(first), lanes=others)
    day = instants.to_date(first)
    if checkpoint.since is None or day <= checkpoint.since:
        return checkpoint.replace(since=None)
    before = Lane.beginning(instants.from_date(day - timedelta(days=1)))
    return checkpoint.replace(lanes=checkpoint.lanes | {HISTORY: before})
