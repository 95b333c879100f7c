"""Graph's request budgets: so many requests in a while, per app and tenant."""

from collections import deque
from datetime import datetime, timedelta
from math import ceil

from local.simulator.errors import of_status


class Throttle:
    """The requests of the last while. Refused ones count as well, as Graph warns."""

    def __init__(self, window: timedelta = timedelta(minutes=1)) -> None:
        self._window = window
        self._times: deque[datetime] = deque()

    def admit(self, now: datetime, limit: int | None) -> None:
        """Count a request.

        Raises:
            Refusal: 429; Retry-After says in how many seconds there is room again.
        """
        if limit is None:
            return
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        self._times.append(now)
        if len(self._times) > limit:
            wait = self._times[-limit] + self._window - now
            raise of_status(429, str(max(1, ceil(wait.total_seconds()))))
