"""The contestant that counts: the app's own export job, wired as in Azure, at a fixed moment."""

import os
from dataclasses import replace
from datetime import datetime

from bench.history import END
from shared import wiring
from shared.clock import SystemClock
from shared.export import job
from shared.export.jobs import Job
from shared.export.session import stored_checkpoint

_SOURCE = "alerts_v2"


class _FixedNow(SystemClock):
    """Always the end of the history, so that every run asks for the same pages; durations are real."""

    def now(self) -> datetime:
        return END


class App:
    """One tick's job."""

    def __init__(self) -> None:
        self._edges = replace(wiring.edges(), clock=_FixedNow())
        self._tenant = os.environ["TENANT_ID"]

    def work(self) -> None:
        tick = Job(asked_by="tick", source=_SOURCE, tenant=self._tenant)
        job.run(tick, self._edges, wiring.rules())

    def records(self) -> int:
        checkpoint = stored_checkpoint(wiring.state(), _SOURCE, self._tenant)
        return checkpoint.records if checkpoint else 0
