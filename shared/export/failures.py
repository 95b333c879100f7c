"""A job that Graph refuses or cannot serve: an event, in status until a later one succeeds, and less time for that."""

from shared import events, instants
from shared.errors import AppError, GraphRefused, GraphUnavailable
from shared.events import Event
from shared.export import jobs
from shared.export.checkpoint import Failure
from shared.export.edges import Rules
from shared.export.jobs import Job
from shared.export.session import Session
from shared.graph.sources import DAILY
from shared.instants import Instant

_DAILY_AGAIN_S = 3600

_PROBE_S = 30.0
"""The time of a job whose predecessor found Graph unavailable: a few such tenants would else hold all places for as
long as they are out of reach. It is enough to see that Graph answers again, and to gain ground."""


def budget_s(rules: Rules, job: Job, failure: Failure | None) -> float:
    """How many seconds a job may take after that failure of the one before it. A person is waiting, and is patient."""
    troubled = failure is not None and failure.reason == GraphUnavailable.reason
    return min(rules.budget_s, _PROBE_S) if troubled and job.asked_by != "person" else rules.budget_s


def stand(session: Session, job: Job, error: AppError, now: Instant) -> None:
    """Let the failure stand in status; one that goes on is told once."""
    checkpoint = session.checkpoint
    gone = isinstance(error, GraphRefused) and error.gone
    reason = "gone" if gone else error.reason
    if not (gone and checkpoint.failure and checkpoint.failure.reason == reason):
        event = Event.GONE if gone else Event.FAILED
        events.emit(event, source=job.source, tenant=job.tenant, reason=reason, message=str(error))
    # What a later tick's comparison has joined, that one carries.
    alone = checkpoint.reconcile.tick in (None, job.id)
    daily = job.source in DAILY or (job.reconcile and alone)
    if daily and job.asked_by == "tick" and isinstance(error, GraphUnavailable):
        # The next tick is tomorrow, and what a day is to keep should not miss it.
        session.edges.jobs.send(jobs.encode(job), delay_s=_DAILY_AGAIN_S)
    failure = Failure(at=instants.to_text(now), reason=reason, message=str(error))
    session.save(checkpoint.replace(failure=failure))
