"""Waiting for what must come true, and no longer."""

import time
from collections.abc import Callable


def until[T](look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """The first value that is not None or False."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := look():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come true within {seconds} s")
