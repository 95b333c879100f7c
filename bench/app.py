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


class FixedNow(SystemClock):
    """Always the same moment, so that every run asks for the same pages; durations are real."""

    def __init__(self, moment: datetime = END) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


class App:
    """One tick's job."""

    def __init__(self) -> None:
        self._edges = replace(wiring.edges(), clock=FixedNow())
        self._tenant = os.environ["TENANT_ID"]

    def work(self) -> None:
        tick = Job(asked_by="tick", source=_SOURCE, tenant=self._tenant)
        job.run(tick, self._edges, wiring.rules())

    def records(self) -> int:
        checkpoint = stored_checkpoint(wiring.state(), _SOURCE, self._tenant)
        return checkpoint.records if checkpoint else 0
