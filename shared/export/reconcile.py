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
from shared.instants import SECOND, Instant

_ASK_AGAIN_S = 5
_THROTTLED_AGAIN_S = 60
_KEEP_S = 45.0
"""How long a piece that is compared may wait for the lease, and then for Graph; with the default of RUN_BUDGET_SECONDS
both are over before the host ends the job."""


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
    gives_way: bool = False
    """Whether a mark was left while the last piece was compared, or time is up."""

    def run(self) -> None:
        began = self.edges.clock.monotonic()
        checkpoint = self._accept()
        if checkpoint is None:
            self._come_back(_ASK_AGAIN_S)
            return
        try:
            after = self._pieces(checkpoint, deadline=began + self.rules.budget_s)
        except (GraphRefused, GraphUnavailable, SettingsError, DataNotUnderstood) as error:
            self._fail(error)
            return
        if after is None or after.reconcile.todo:
            gained = after is not None and after.reconcile.todo != checkpoint.reconcile.todo
            self._come_back(-(-self.rules.bell_interval // SECOND) if gained else _THROTTLED_AGAIN_S)
        self._report(after or checkpoint, self.edges.clock.monotonic() - began)

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
            reconcile = before.accepted(self.job.id, now, _wanted(self.job, session.checkpoint))
            if reconcile != before:
                session.save(session.checkpoint.replace(reconcile=reconcile))
            return session.checkpoint

    def _pieces(self, checkpoint: Checkpoint, deadline: float) -> Checkpoint | None:
        """Compare piece by piece; the checkpoint then, or None where a piece could not be kept."""
        while piece := checkpoint.reconcile.piece():
            compared = self._compare(checkpoint, *piece, deadline)
            if compared.end > compared.start:
                kept = self._keep(compared, whole=compared.end == piece[1])
                if kept is None:
                    return None
                checkpoint = kept
            if isinstance(compared.error, OutOfTime) or (compared.error is None and self.gives_way):
                break
            if compared.error:
                raise compared.error
        return checkpoint

    def _compare(self, checkpoint: Checkpoint, start: Instant, end: Instant, deadline: float) -> Compared:
        if self.in_blobs is None or self.in_blobs.end != end or self.in_blobs.start > start:
            self.in_blobs = None  # two days' keys at once would be one too many
            self.in_blobs = InBlobs(self.edges.data, self.edges.state, self.source, self.job.tenant, start, end)
        if self.in_blobs.removed:
            self.gives_way = self.edges.clock.monotonic() >= deadline
            return Compared(self.in_blobs, start, end)
        self.gives_way, saw = False, self.marks.seen()

        def stop() -> bool:
            self.gives_way = self.edges.clock.monotonic() >= deadline or self.marks.seen() != saw
            return self.gives_way

        pages = GraphList(self.edges.graph, self.job.tenant, self.source, self.tally, deadline, unhurried=True)
        known_bad = [instants.from_text(gap.start) for gap in checkpoint.gaps if not gap.provider]
        compared = compare(Reading(pages, start, end, known_bad), self.in_blobs, stop)
        self.gives_way = self.gives_way or self.edges.clock.monotonic() >= deadline
        return compared

    def _keep(self, compared: Compared, *, whole: bool) -> Checkpoint | None:
        with self._lease(wait_s=_KEEP_S) as session:
            if session is None:
                return None
            until = self.edges.clock.monotonic() + _KEEP_S
            try:
                keep(session, self.source, compared, until, whole=whole)
            except OutOfTime:
                return None
            finally:
                asked = session.asked()
                self.tally.requests += asked.requests
                self.tally.throttled += asked.throttled
            return session.checkpoint

    def _fail(self, error: AppError) -> None:
        with self._lease(wait_s=_KEEP_S) as session:
            if session is None:
                self._come_back(_ASK_AGAIN_S)  # it will fail again, and then stand in status
                return
            if isinstance(error, GraphRefused):
                # It would be refused again, and what is asked for later should not wait behind it.
                reconcile = session.checkpoint.reconcile.given_up()
                session.checkpoint = session.checkpoint.replace(reconcile=reconcile)
            failures.stand(session, self.job, error, instants.from_datetime(self.edges.clock.now()))
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
            gaps=len(checkpoint.gaps),
            requests=self.tally.requests,
            throttled=self.tally.throttled,
            continues=bool(reconcile.todo),
            seconds=round(seconds, 3),
        )


def _wanted(job: Job, checkpoint: Checkpoint) -> list[Stretch]:
    """What a job asks for, as far as no scan can read it any more: the days, and at a tick all gaps too."""
    if job.reconcile is None:
        return []
    first = instants.from_date(job.reconcile.first)
    stretches = [(first, instants.from_date(job.reconcile.last + timedelta(days=1)), "")]
    if job.asked_by == "tick":
        stretches += [
            (instants.from_text(gap.start), instants.from_text(gap.end), gap.provider) for gap in checkpoint.gaps
        ]
    low = instants.from_text(checkpoint.first_start)
    high = instants.from_text(checkpoint.lanes[LIVE].keys_from)
    clipped = ((max(start, low), min(end, high), gap) for start, end, gap in stretches)
    return [Stretch.of(start, end, gap) for start, end, gap in clipped if start < end]
