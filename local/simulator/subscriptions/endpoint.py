"""How well an endpoint answers, by which Graph delays or drops what is new.

"More than 10% of responses slower than 3 s in a 10-minute window: slow. More than 15% slower than 10 s: drop."
"""

from collections import deque
from typing import Literal, NamedTuple

from local.simulator.timestamps import TICKS_PER_SECOND

WINDOW = 600 * TICKS_PER_SECOND
"""Over which the answers are counted; and as long as this, new notifications wait for a slow endpoint."""
SLOW_S = 3.0
DROP_S = 10.0
_SLOW_SHARE = 0.10
_DROP_SHARE = 0.15
ENOUGH = 10
"""Of fewer answers no share is taken. Graph does not say of how many it is."""


class _Answer(NamedTuple):
    at: int
    seconds: float


class Endpoint:
    """The answers of one URL in the last 10 minutes."""

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque()

    def answered(self, at: int, seconds: float) -> None:
        """Note how long an answer took, or how long Graph waited for none."""
        self._answers.append(_Answer(at, seconds))

    def state(self, now: int) -> Literal["well", "slow", "drop"]:
        """What becomes of new notifications: sent, delayed by 10 minutes, or dropped."""
        while self._answers and self._answers[0].at <= now - WINDOW:
            self._answers.popleft()
        if len(self._answers) < ENOUGH:
            return "well"
        if self._share(DROP_S) > _DROP_SHARE:
            return "drop"
        return "slow" if self._share(SLOW_S) > _SLOW_SHARE else "well"

    def _share(self, seconds: float) -> float:
        return sum(answer.seconds >= seconds for answer in self._answers) / len(self._answers)
