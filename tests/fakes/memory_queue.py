"""``Queue`` in memory, with the receiving side that tests need."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.clock import Clock

type Hook = Callable[[str, str], None]
"""Called with the operation (``send`` or ``receive``) and the text, which is empty for ``receive``."""


class MemoryQueue:
    """One queue in memory, safe for threads; the hooks work as those of ``MemoryBlobs`` do."""

    def __init__(self, clock: Clock, *, before: Hook | None = None, after: Hook | None = None) -> None:
        self.before = before
        self.after = after
        self.messages: list[tuple[datetime, str]] = []
        """What nobody has received yet: when it shows, and its text, in the order of sending."""
        self._clock = clock
        self._lock = threading.Lock()

    def send(self, text: str, *, delay_s: int = 0) -> None:
        self._call(self.before, "send", text)
        with self._lock:
            self.messages.append((self._clock.now() + timedelta(seconds=delay_s), text))
        self._call(self.after, "send", text)

    def receive(self) -> str | None:
        """Take out the message that has been visible longest, or None where none is visible."""
        self._call(self.before, "receive", "")
        with self._lock:
            visible = [message for message in self.messages if message[0] <= self._clock.now()]
            taken = min(visible, key=lambda message: message[0], default=None)
            if taken:
                self.messages.remove(taken)
        self._call(self.after, "receive", "")
        return taken[1] if taken else None

    def _call(self, hook: Hook | None, operation: str, text: str) -> None:
        if hook:
            hook(operation, text)
