"""Graph's request limit, kept on our side so that throttling stays the exception."""

from collections import deque
from threading import Lock

from shared.clock import Clock
from shared.graph.answers import OutOfTime

_MINUTE_S = 60.0


class RequestBudget:
    """At most ``most`` requests in any ``span_s`` seconds, over all threads of the process.

    Graph counts throttled requests, too, so every attempt takes its turn.
    """

    def __init__(self, most: int, clock: Clock, span_s: float = _MINUTE_S) -> None:
        self._clock = clock
        self._span_s = span_s
        self._lock = Lock()
        self._turns: deque[float] = deque(maxlen=most)

    @property
    def idle(self) -> bool:
        """Whether it has nothing to remember: a new one would do the same."""
        with self._lock:
            return not self._turns or self._turns[-1] + self._span_s <= self._clock.monotonic()

    def wait(self, until: float) -> None:
        """Wait for the next turn.

        Raises:
            OutOfTime: it would come later than the monotonic second ``until``.
        """
        with self._lock:
            now = self._clock.monotonic()
            full = len(self._turns) == self._turns.maxlen
            turn = max(now, self._turns[0] + self._span_s) if full else now
            if turn > max(now, until):
                raise OutOfTime("The requests of this time are used up, and the run's own time is, too.")
            self._turns.append(turn)
        if turn > now:
            self._clock.sleep(turn - now)
