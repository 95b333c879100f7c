"""Graph's request budget: so many requests a minute per app and tenant."""

from collections import deque
from datetime import datetime, timedelta
from math import ceil

from local.simulator.errors import of_status

_MINUTE = timedelta(minutes=1)


class Throttle:
    """The requests of a tenant in the last minute. Refused ones count as well, as Graph warns."""

    def __init__(self) -> None:
        self._times: deque[datetime] = deque()

    def admit(self, now: datetime, limit: int | None) -> None:
        """Count a request.

        Raises:
            Refusal: 429; Retry-After says in how many seconds the minute has room again.
        """
        if limit is None:
            return
        while self._times and self._times[0] <= now - _MINUTE:
            self._times.popleft()
        self._times.append(now)
        if len(self._times) > limit:
            wait = self._times[-limit] + _MINUTE - now
            raise of_status(429, str(max(1, ceil(wait.total_seconds()))))
