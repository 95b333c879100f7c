"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """``Clock`` that only ``sleep`` and ``advance`` move."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)) -> None:
        self._start = now
        self._passed = timedelta()

    def now(self) -> datetime:
        return self._start + self._passed

    def monotonic(self) -> float:
        return self._passed.total_seconds()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += timedelta(seconds=seconds)
