"""A tenant's report, from the exported blobs to the page that is kept."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from shared import events, instants, status
from shared.clock import Clock
from shared.errors import AppError
from shared.events import Event
from shared.export.checkpoint import Failure
from shared.export.session import shown_checkpoint
from shared.instants import Instant
from shared.storage.blobs import Blobs
from shared.views import names
from shared.views.alerts import ALERTS, figures
from shared.views.history import read_history
from shared.views.plan import make_plan
from shared.views.reading import Exported
from shared.views.report import Report, SourceState, render

NEW_ALERTS_DAYS = 30
"""How many days back new alerts are shown."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a report is made from, and where it is kept."""

    data: Blobs
    """EXPORT_CONTAINER."""
    state: Blobs
    """STATE_CONTAINER."""
    views: Blobs
    """VIEWS_CONTAINER."""
    sources: Sequence[str]
    clock: Clock
    pool: Callable[[int], Executor]
    """Makes an executor of so many threads."""

    def all_tenants(self, tenants: Iterable[str], seconds: float) -> None:
        """Render reports for as long as there is time; those without one of today come first.

        A tenant whose report can't be rendered is told of by an event, and harms no other.
        """
        began, now = self.clock.monotonic(), self._now()
        waiting = sorted(tenants, key=lambda tenant: self._has_todays(tenant, now))
        rendered = failed = 0
        for tenant in waiting:
            if self.clock.monotonic() - began > seconds:
                break
            try:
                self.tenant(tenant)
                rendered += 1
            except (AppError, AzureError) as error:
                failed += 1
                # Storage may refuse a single blob: one that a lifecycle rule has archived, or removed just now.
                reason = error.reason if isinstance(error, AppError) else "storage"
                events.emit(Event.NOT_REPORTED, tenant=tenant, reason=reason, message=str(error))
        events.emit(
            Event.REPORTED,
            rendered=rendered,
            failed=failed,
            left=len(waiting) - rendered - failed,
            seconds=round(self.clock.monotonic() - began, 3),
        )

    def tenant(self, tenant: str) -> None:
        """Render and keep one tenant's report. That a checkpoint can't be read is told in it, and costs no more.

        Raises:
            DataNotUnderstood: somebody else's hand was in the export.
        """
        now = self._now()
        page = render(self._report(tenant, now))
        self.views.put(names.report(tenant, instants.to_date(now)), page)
        self.views.put(names.latest_report(tenant), page)

    def _report(self, tenant: str, now: Instant) -> Report:
        exported = Exported(self.data, self.state, self.views, tenant, self.pool)
        history, profiles = read_history(exported.scores(), instants.to_date(now)), exported.profiles()
        latest = exported.alerts() if ALERTS.name in self.sources else None
        return Report(
            tenant=tenant,
            made=now,
            history=history,
            plan=make_plan(history.latest, profiles) if history.latest and profiles else None,
            titles={profile.id: profile.title or profile.id for profile in profiles},
            alerts=figures(latest, now, days=NEW_ALERTS_DAYS, unreadable=latest.unreadable)
            if latest is not None
            else None,
            sources=[_source(name, shown_checkpoint(self.state, name, tenant, now), now) for name in self.sources],
        )

    def _has_todays(self, tenant: str, now: Instant) -> bool:
        return self.views.properties(names.report(tenant, instants.to_date(now))) is not None

    def _now(self) -> Instant:
        return instants.from_datetime(self.clock.now())


def _source(name: str, checkpoint: status.Known, now: Instant) -> SourceState:
    state = str(status.state_of(checkpoint, name, now))
    if checkpoint is None:
        return SourceState(name, state)
    if isinstance(checkpoint, Failure):
        return SourceState(name, state, known=False, failure=checkpoint.message)
    return SourceState(
        name=name,
        state=state,
        complete_until=checkpoint.complete_until,
        records=checkpoint.records,
        gaps=[
            f"{gap.provider or 'a record'} was kept back by Graph ({gap.status}), from {gap.start} to {gap.end}"
            for gap in checkpoint.gaps
        ],
        failure=checkpoint.failure.message if checkpoint.failure else None,
    )
