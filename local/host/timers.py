"""Timer triggers: NCRONTAB schedules in UTC (functions-bindings-timer).

Unlike Azure's host, this one remembers nothing over a restart (``useMonitor``), so a tick that was missed while it
was down is not made up for. ``IsPastDue`` tells of a tick that came late, after the machine slept.
"""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from croniter import CroniterBadCronError, croniter  # type: ignore[import-untyped]

from local.host.config import WrongConfiguration
from local.host.functions import Function
from local.host.invoker import Invoker
from local.host.protos import TypedData
from local.host.queues import set_within
from local.host.worker import InvocationFailed

log = logging.getLogger("host")

_LATE: Final = timedelta(seconds=1)
_WITH_SECONDS: Final = 6


class Timer:
    """Fires one function on its schedule, never twice at once: a tick that a long run covers is skipped."""

    def __init__(self, function: Function, invoker: Invoker) -> None:
        self._function = function
        self._invoker = invoker
        self._stopping = asyncio.Event()
        self._last: datetime | None = None
        self._schedule: str = function.trigger["schedule"]
        try:
            next_tick(self._schedule, datetime.now(UTC))
        except (CroniterBadCronError, ValueError) as error:
            raise WrongConfiguration(f"{function.name}: schedule {self._schedule!r}: {error}") from None

    async def run(self) -> None:
        """Fire until ``stop``; a run that has begun is awaited."""
        if self._function.trigger.get("runOnStartup"):
            await self.fire(due=datetime.now(UTC))
        due = next_tick(self._schedule, datetime.now(UTC))
        while not await set_within(self._stopping, (due - datetime.now(UTC)).total_seconds()):
            await self.fire(due=due)
            # A clock that stands a little before the tick it has just seen must not see it again.
            due = next_tick(self._schedule, max(due, datetime.now(UTC)))

    def stop(self) -> None:
        """Fire no more."""
        self._stopping.set()

    async def fire(self, *, due: datetime) -> None:
        """Run the function now; a failure is logged and waits for the next tick."""
        now = datetime.now(UTC)
        info = self._timer_info(now, past_due=now - due > _LATE)
        self._last = now
        try:
            await self._invoker.run(self._function, TypedData(json=json.dumps(info)))
        except InvocationFailed:
            return

    def _timer_info(self, now: datetime, *, past_due: bool) -> dict[str, object]:
        """What ``func.TimerRequest`` is made of."""
        following = next_tick(self._schedule, now)
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": self._last.isoformat() if self._last else "0001-01-01T00:00:00+00:00",
                "Next": following.isoformat(),
                "LastUpdated": now.isoformat(),
            },
            "IsPastDue": past_due,
        }


def next_tick(schedule: str, after: datetime) -> datetime:
    """The first time of the schedule after a moment. Six fields begin with the seconds; five have none.

    NCrontab wants day of month *and* day of week to match where both are given; cron is content with either.
    """
    has_seconds = len(schedule.split()) == _WITH_SECONDS
    ticks = croniter(schedule, after, ret_type=datetime, day_or=False, second_at_beginning=has_seconds)
    tick: datetime = ticks.get_next()
    return tick
