"""One comparison job: what was exported is compared with Graph's lists, and what is missing is filled in.

Comparing needs no lease, so scans and bells go on meanwhile; it asks Graph for no more than half of the tenant's
requests, and ends at the next page when a mark is left. The lease is taken for a moment only: to take a request in,
and for each piece, to write what is missing and to note how far the comparison is.

It never looks at, and so never writes, what a scan may still read: nothing from the time on from which the
checkpoint's keys are complete, and nothing before the first start, where history is still being filled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from shared import events, instants
from shared.errors import AppError, DataNotUnderstood, GraphRefused, GraphUnavailable, SettingsError
from shared.events import Event
from shared.export import failures, jobs, settle
from shared.export.checkpoint import LIVE, Checkpoint
from shared.export.compare import Compared, InBlobs, compare
from shared.export.edges import Edges, Rules
from shared.export.fill import keep
from shared.export.jobs import Job
from shared.export.marks import Marks
from shared.export.reconciliation import Stretch
from shared.export.session import Session
from shared.graph.answers import OutOfTime
from shared.graph.client import Tally
from shared.graph.lists import GraphList
from shared.graph.reading import Reading
from shared.graph.sources import SOURCES, Source
from shared.instants import DAY, SECOND, Instant

_ASK_AGAIN_S = 5
_BAD_REQUEST = 400
_THROTTLED_AGAIN_S = 60
_KEEP_S = 30.0
"""How long a piece that is compared may wait for the lease; and how much longer than comparing it took, what is missing
may be read again. Both are over before the host ends the job (``functionTimeout``), with the default of
RUN_BUDGET_SECONDS, unless a single page takes very long; then the message comes again, and kept pieces stay kept."""


def run(job: Job, edges: Edges, rules: Rules) -> None:
    """Do as much of the comparison as time allows, and go on by itself.

    Raises:
        AppError: a person's job that Graph refuses or cannot serve; the lease is lost; data is not understood.
    """
    _Work(job, edges, rules, Marks(edges, job.source, job.tenant), SOURCES[job.source]).run()


@dataclass(slots=True)
class _Work:
    job: Job
    edges: Edges
    rules: Rules
    marks: Marks
    source: Source
    tally: Tally = field(default_factory=Tally)
    in_blobs: InBlobs | None = None
    error: AppError | None = None
    """Why the first of the days that were left out was."""

    def run(self) -> None:
        began = self.edges.clock.monotonic()
        checkpoint = self._accept()
        if checkpoint is None:
            self._come_back(_ASK_AGAIN_S)
            return
        deadline = began + failures.budget_s(self.rules, self.job, checkpoint.failure)
        try:
            after = self._pieces(checkpoint, deadline)
        except (GraphRefused, GraphUnavailable, SettingsError, DataNotUnderstood) as error:
            self._fail(error)
            return
        unfinished = after is None or bool(after.reconcile.todo)
        if unfinished:
            gained = after is not None and after.reconcile.todo != checkpoint.reconcile.todo
            self._come_back(-(-self.rules.bell_interval // SECOND) if gained else _THROTTLED_AGAIN_S)
        self._report(after or checkpoint, self.edges.clock.monotonic() - began)
        if self.error and self.job.asked_by == "person" and not unfinished:
            raise self.error

    def _accept(self) -> Checkpoint | None:
        """Take the request in, once; None where another worker holds the lease, or a scan has to come first."""
        with self._lease(wait_s=0) as session:
            if session is None:
                return None
            if session.is_old():
                self.marks.leave()
                return None
            now = instants.from_datetime(self.edges.clock.now())
            before = session.checkpoint.reconcile
            if before.full(self.job.id):
                return None
            tick, wanted = self.job.asked_by == "tick", _wanted(self.job, session.checkpoint)
            reconcile = before.accepted(self.job.id, now, wanted, tick=tick)
            if reconcile != before:
                session.save(session.checkpoint.replace(reconcile=reconcile))
            return session.checkpoint

    def _pieces(self, checkpoint: Checkpoint, deadline: float) -> Checkpoint | None:
        """Compare piece by piece; the checkpoint then, or None where a piece could not be kept."""
        while piece := checkpoint.reconcile.piece():
            try:
                kept, goes_on = self._piece(checkpoint, *piece, deadline)
            except (GraphRefused, DataNotUnderstood) as error:
                if not _of_these_days(error):
                    raise
                kept, goes_on = self._leave_out(*piece, error), True
            if kept is None:
                return None
            checkpoint = kept
            if not goes_on or self.edges.clock.monotonic() >= deadline:
                break
        return checkpoint

    def _piece(
        self, checkpoint: Checkpoint, start: Instant, end: Instant, deadline: float
    ) -> tuple[Checkpoint | None, bool]:
        """Compare as much of it as can be, and keep that; and whether to go on."""
        compared = self._compare(checkpoint, start, end, deadline)
        kept: Checkpoint | None = checkpoint
        if compared.end > start:
            kept = self._keep(compared, whole=compared.end == end)
        if compared.error and kept and not isinstance(compared.error, OutOfTime):
            raise compared.error
        return kept, compared.error is None and not compared.gave_way

    def _compare(self, checkpoint: Checkpoint, start: Instant, end: Instant, deadline: float) -> Compared:
        day = instants.floor(start, DAY)
        if self.in_blobs is None or self.in_blobs.day != day:
            self.in_blobs = None  # two days' keys at once would be one too many
            self.in_blobs = InBlobs(self.edges.data, self.edges.state, self.source, self.job.tenant, day)
        if self.in_blobs.removed:
            return Compared(self.in_blobs, start, end)
        clock, saw = self.edges.clock, self.marks.seen()

        def gives_way() -> bool:
            return clock.monotonic() >= deadline or self.marks.seen() != saw

        pages = GraphList(self.edges.graph, self.job.tenant, self.source, self.tally, deadline, unhurried=True)
        known_bad = [instants.from_text(gap.start) for gap in checkpoint.gaps if not gap.provider]
        return compare(Reading(pages, start, end, known_bad), self.in_blobs, clock, gives_way)

    def _keep(self, compared: Compared, *, whole: bool) -> Checkpoint | None:
        with self._lease(wait_s=_KEEP_S) as session:
            if session is None:
                return None
            until = self.edges.clock.monotonic() + compared.seconds + _KEEP_S
            try:
                keep(session, self.source, compared, until, whole=whole)
            except OutOfTime:
                return None
            finally:
                asked = session.asked()
                self.tally.requests += asked.requests
                self.tally.throttled += asked.throttled
            return session.checkpoint

    def _leave_out(self, start: Instant, end: Instant, error: AppError) -> Checkpoint | None:
        """Go on without days that can't be compared, so that none waits for them; the first of a job is told of."""
        with self._lease(wait_s=_KEEP_S) as session:
            if session is None:
                return None
            now = instants.from_datetime(self.edges.clock.now())
            reconcile = session.checkpoint.reconcile.left_out(start, end, now)
            session.checkpoint = session.checkpoint.replace(reconcile=reconcile)
            if self.error:
                session.save(session.checkpoint)
            else:
                failures.stand(session, self.job, error, now)
                self.error = error
            return session.checkpoint

    def _fail(self, error: AppError) -> None:
        with self._lease(wait_s=_KEEP_S) as session:
            if session is None:
                self._come_back(_ASK_AGAIN_S)  # it will fail again, and then stand in status
                return
            now = instants.from_datetime(self.edges.clock.now())
            if isinstance(error, GraphRefused):
                # It would be refused again, and what is asked for later should not wait behind it.
                reconcile = session.checkpoint.reconcile.given_up(now)
                session.checkpoint = session.checkpoint.replace(reconcile=reconcile)
            failures.stand(session, self.job, error, now)
        if self.job.asked_by == "person" or isinstance(error, DataNotUnderstood):
            raise error

    def _come_back(self, delay_s: int) -> None:
        self.edges.jobs.send(jobs.encode(self.job), delay_s=delay_s)

    @contextmanager
    def _lease(self, wait_s: float) -> Iterator[Session | None]:
        """The lease for a moment; None where another worker still holds it after so many seconds."""
        clock = self.edges.clock
        until = clock.monotonic() + wait_s
        while (session := settle.begin(self.edges, self.rules, self.job.source, self.job.tenant)) is None:
            if clock.monotonic() >= until:
                yield None
                return
            clock.sleep(1)
        try:
            with self.edges.keep_alive(session.lease):
                yield session
        finally:
            session.lease.release()
            # A scan that found the lease held in the meantime has left a mark, and nobody else looks at it.
            checkpoint = session.checkpoint
            self.marks.let_go(checkpoint.mark, checkpoint.scan_began, self.rules.bell_interval, self.job)

    def _report(self, checkpoint: Checkpoint, seconds: float) -> None:
        reconcile = checkpoint.reconcile
        events.emit(
            Event.RECONCILED,
            source=self.job.source,
            tenant=self.job.tenant,
            job=self.job.id,
            asked_by=self.job.asked_by,
            days=reconcile.days,
            seen=reconcile.seen,
            missing=reconcile.missing,
            filled=reconcile.filled,
            only_in_blobs=reconcile.only_in_blobs,
            removed=reconcile.removed,
            failed=reconcile.failed,
            gaps=len(checkpoint.gaps),
            requests=self.tally.requests,
            throttled=self.tally.throttled,
            continues=bool(reconcile.todo),
            seconds=round(seconds, 3),
        )


def _of_these_days(error: AppError) -> bool:
    """Whether it concerns the days that were asked for, and not all that can be asked for."""
    return not isinstance(error, GraphRefused) or error.status == _BAD_REQUEST


def _wanted(job: Job, checkpoint: Checkpoint) -> list[Stretch]:
    """What a job asks for, as far as no scan can read it any more: the days, and at a tick all gaps too."""
    if job.reconcile is None:
        return []
    first = instants.from_date(job.reconcile.first)
    stretches = [(first, instants.from_date(job.reconcile.last + timedelta(days=1)), "")]
    if job.asked_by == "tick":
        stretches += [
            (instants.from_text(gap.start), instants.from_text(gap.end), gap.provider)
            for gap in checkpoint.gaps
            if not gap.removed
        ]
    low = instants.from_text(checkpoint.first_start)
    high = instants.from_text(checkpoint.lanes[LIVE].keys_from)
    clipped = ((max(start, low), min(end, high), gap) for start, end, gap in stretches)
    return [Stretch.of(start, end, gap) for start, end, gap in clipped if start < end]
