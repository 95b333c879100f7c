"""The daily comparison over the whole history, wired as in Azure, a day after its end."""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta

from bench.app import FixedNow
from bench.history import DAYS, END
from shared import wiring
from shared.export import job
from shared.export.checkpoint import Checkpoint
from shared.export.jobs import Days, Job
from shared.export.session import stored_checkpoint

_SOURCE = "alerts_v2"


class _Again:
    """Takes what the job sends itself: the comparison below is run until nothing is left."""

    def send(self, text: str, *, delay_s: int = 0) -> None:
        pass


class Comparison:
    """One request for all days, run as often as its budget asks for."""

    def __init__(self) -> None:
        now: datetime = END + timedelta(days=1)
        self._edges = replace(wiring.edges(), clock=FixedNow(now), jobs=_Again())
        self._tenant = os.environ["TENANT_ID"]
        self._first: date = END.date() - timedelta(days=DAYS)
        # What the overlap reaches is the scan's; a day later it reaches nothing of the history.
        job.run(Job(asked_by="tick", source=_SOURCE, tenant=self._tenant), self._edges, wiring.rules())

    def work(self) -> None:
        days = Days(first=self._first, last=END.date())
        wanted = Job(asked_by="tick", source=_SOURCE, tenant=self._tenant, reconcile=days)
        while True:
            job.run(wanted, self._edges, wiring.rules())
            if not self._checkpoint().reconcile.todo:
                return

    def records(self) -> int:
        return self._checkpoint().records

    def _checkpoint(self) -> Checkpoint:
        checkpoint = stored_checkpoint(wiring.state(), _SOURCE, self._tenant)
        if checkpoint is None:
            raise RuntimeError("There is no checkpoint: nothing was exported.")
        return checkpoint
