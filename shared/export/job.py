"""One export job, from its message to its end: who may scan now, and who makes sure that the next scan comes.

=============  ==============================================  ==========================================
asked by       the lease is held                               Graph refuses or is not available
=============  ==============================================  ==========================================
tick           leaves a mark; the next tick comes by itself    stands in status; the next tick asks again
bell, delayed  leaves a mark and a bell for the lease's end    stands in status; the next tick asks again
person         asks again some seconds later                   fails, is retried, ends as poison
=============  ==============================================  ==========================================

Jobs that ask for a comparison are ``reconcile``'s.
"""

from dataclasses import dataclass

from shared import events, instants
from shared.errors import DataNotUnderstood, GraphRefused, GraphUnavailable, SettingsError
from shared.events import Event
from shared.export import failures, jobs, reconcile, settle
from shared.export.checkpoint import LIVE
from shared.export.days import export_days
from shared.export.edges import Edges, Rules
from shared.export.history import extend_backwards
from shared.export.jobs import Job
from shared.export.lease import LEASE_S
from shared.export.marks import Marks
from shared.export.scan import Scan
from shared.export.session import Session
from shared.graph.sources import INCREMENTAL, SOURCES
from shared.instants import SECOND

_ASK_AGAIN_S = 5


def run(job: Job, edges: Edges, rules: Rules) -> None:
    """Do one job within its time.

    Raises:
        AppError: the job is to be tried again; see the table above.
    """
    if job.reconcile:
        reconcile.run(job, edges, rules)
        return
    marks = Marks(edges, job.source, job.tenant)
    if job.is_bell and marks.join(job, rules.bell_interval):
        return
    session = settle.begin(edges, rules, job.source, job.tenant)
    if session is None and job.asked_by != "person":
        marks.leave()
        # The holder may have looked at the mark just before, and let go just now.
        session = settle.begin(edges, rules, job.source, job.tenant)
    if session is None:
        _come_back(job, edges, marks)
        return
    saw = marks.seen()
    try:
        with edges.keep_alive(session.lease):
            _Work(job, session, rules, marks, saw).run()
    finally:
        session.lease.release()
        marks.let_go(saw, session.checkpoint.scan_began, rules.bell_interval, job)


def drop(job: Job) -> None:
    """Leave a job undone whose tenant is not exported (any more)."""
    events.emit(Event.LEFT, source=job.source, tenant=job.tenant, job=job.id, asked_by=job.asked_by)


def _come_back(job: Job, edges: Edges, marks: Marks) -> None:
    """Another worker holds the lease, and may die holding it."""
    match job.asked_by:
        case "person":
            edges.jobs.send(jobs.encode(job), delay_s=_ASK_AGAIN_S)
        case "bell" | "delayed bell":
            marks.ring_at(instants.from_datetime(edges.clock.now()) + LEASE_S * SECOND, job)
        case "tick":
            pass


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done under the lease."""

    job: Job
    session: Session
    rules: Rules
    marks: Marks
    saw: str | None
    """The mark that lay there before anything was read."""

    def run(self) -> None:
        session, clock = self.session, self.session.edges.clock
        began = clock.monotonic()
        now = instants.from_datetime(clock.now())
        if self._answered():
            return
        if self._too_soon(now):
            self.marks.leave()
            return
        records_before = session.checkpoint.records
        session.checkpoint = session.checkpoint.replace(scan_began=instants.to_text(now))
        budget_s = failures.budget_s(self.rules, self.job, session.checkpoint.failure)
        try:
            whole = self._export(now, deadline=began + budget_s)
        except (GraphRefused, GraphUnavailable, SettingsError, DataNotUnderstood) as error:
            failures.stand(session, self.job, error, now)
            if self.job.asked_by == "person" or isinstance(error, DataNotUnderstood):
                raise
            return
        if not whole:
            self.marks.leave()
        done = instants.to_text(instants.from_datetime(clock.now()))
        records = session.checkpoint.records - records_before
        checkpoint = session.checkpoint.with_news(instants.to_text(now)) if records else session.checkpoint
        session.save(checkpoint.replace(mark=self.saw, scan_finished=done, failure=None))
        self._report(records, clock.monotonic() - began, whole=whole)

    def _export(self, now: int, deadline: float) -> bool:
        """Export what the source has; whether nothing is left to do."""
        session, source = self.session, SOURCES[self.job.source]
        if source.name not in INCREMENTAL:
            export_days(session, source, now, deadline)
            self._complete_until(instants.to_text(now))
            return True
        if self.job.since:
            wanted = min(self.job.since, session.checkpoint.since or self.job.since)
            session.save(session.checkpoint.replace(since=wanted))
        if not Scan(session, source, self.rules, deadline).run(now):
            self._complete_until(session.checkpoint.lanes[LIVE].watermark)
            return False
        self._complete_until(instants.to_text(now))
        return extend_backwards(session, source, self.rules, deadline, lambda: self.marks.seen() != self.saw)

    def _complete_until(self, instant: str) -> None:
        self.session.checkpoint = self.session.checkpoint.replace(complete_until=instant)

    def _answered(self) -> bool:
        """Whether a scan that began after the bell's mark was left has finished already."""
        return self.job.asked_by == "delayed bell" and self.saw == self.session.checkpoint.mark

    def _too_soon(self, now: int) -> bool:
        """Whether a bell must share the scan at the end of the interval."""
        last = self.session.checkpoint.scan_began
        if last is None or not self.job.is_bell:
            return False
        return now < instants.from_text(last) + self.rules.bell_interval

    def _report(self, records: int, seconds: float, *, whole: bool) -> None:
        checkpoint, asked = self.session.checkpoint, self.session.asked()
        until = checkpoint.complete_until
        now = instants.from_datetime(self.session.edges.clock.now())
        events.emit(
            Event.FINISHED,
            source=self.job.source,
            tenant=self.job.tenant,
            job=self.job.id,
            asked_by=self.job.asked_by,
            complete_until=until,
            lag_seconds=(now - instants.from_text(until)) // SECOND if until else None,
            records=records,
            records_total=checkpoint.records,
            requests=asked.requests,
            throttled=asked.throttled,
            gaps=len(checkpoint.gaps),
            continues=not whole,
            seconds=round(seconds, 3),
        )
