"""Graph's request limit, kept on our side so that throttling stays the exception."""

from collections import deque
from threading import Lock

from shared.clock import Clock
from shared.graph.answers import OutOfTime

_SPAN_S = 60.0


class RequestBudget:
    """At most ``per_minute`` requests of a tenant in any 60 seconds, over all threads of the process.

    Graph counts throttled requests, too, so every attempt takes its turn.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._turns: deque[float] = deque(maxlen=per_minute)

    def wait(self, until: float) -> None:
        """Wait for the next turn.

        Raises:
            OutOfTime: it would come later than the monotonic second ``until``.
        """
        with self._lock:
            now = self._clock.monotonic()
            full = len(self._turns) == self._turns.maxlen
            turn = max(now, self._turns[0] + _SPAN_S) if full else now
            if turn > max(now, until):
                raise OutOfTime("The tenant's requests of this minute are used up, and the run's time is, too.")
            self._turns.append(turn)
        if turn > now:
            self._clock.sleep(turn - now)
