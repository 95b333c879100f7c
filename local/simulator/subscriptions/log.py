"""What became of notifications: counts, and the last deliveries."""

from collections import Counter, deque
from typing import Any

from local.simulator.subscriptions.outbox import Delivery
from local.simulator.timestamps import text

_KEPT = 1000


class DeliveryLog:
    """Counts by name, and the last attempts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, delivery: Delivery, status: int | None, seconds: float, now: int) -> None:
        """Note how an attempt ended; ``status`` None: no answer in time."""
        self._last.append(
            {
                "at": text(now),
                "kind": delivery.kind,
                "url": delivery.url,
                "attempt": delivery.attempt,
                "notifications": delivery.notices,
                "status": status,
                "ms": round(seconds * 1000, 3),
            }
        )

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self._last.clear()

    def report(self, last: int) -> dict[str, Any]:
        """Counts, and up to ``last`` attempts, the newest at the end."""
        return {"counts": dict(sorted(self.counts.items())), "last": list(self._last)[-last:] if last else []}
