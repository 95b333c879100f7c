"""A job that Graph refuses or cannot serve: an event, and in status until a later one succeeds."""

from shared import events, instants
from shared.errors import AppError, GraphRefused, GraphUnavailable
from shared.events import Event
from shared.export import jobs
from shared.export.checkpoint import Failure
from shared.export.jobs import Job
from shared.export.session import Session
from shared.graph.sources import DAILY
from shared.instants import Instant

_DAILY_AGAIN_S = 3600


def stand(session: Session, job: Job, error: AppError, now: Instant) -> None:
    """Let the failure stand in status; one that goes on is told once."""
    checkpoint = session.checkpoint
    gone = isinstance(error, GraphRefused) and error.gone
    reason = "gone" if gone else error.reason
    if not (gone and checkpoint.failure and checkpoint.failure.reason == reason):
        event = Event.GONE if gone else Event.FAILED
        events.emit(event, source=job.source, tenant=job.tenant, reason=reason, message=str(error))
    daily = job.source in DAILY or job.reconcile
    if daily and job.asked_by == "tick" and isinstance(error, GraphUnavailable):
        # The next tick is tomorrow, and what a day is to keep should not miss it.
        session.edges.jobs.send(jobs.encode(job), delay_s=_DAILY_AGAIN_S)
    failure = Failure(at=instants.to_text(now), reason=reason, message=str(error))
    session.save(checkpoint.replace(failure=failure))
