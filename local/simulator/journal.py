"""What was asked over HTTP: counts, and the last requests without their tokens."""

from collections import Counter, deque
from typing import Any

from local.simulator.errors import Refusal
from local.simulator.faults import SUBSCRIPTIONS
from local.simulator.paths import read_path
from local.simulator.subscriptions.api import names_subscriptions
from local.simulator.wire import Request

_KEPT = 1000
RESET = "reset"
"""Stands for the status of a request whose connection was reset."""


class Journal:
    """Counts per source and status, and the last requests."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, request: Request, status: int | str) -> None:
        """Note an answered request."""
        source = source_of(request.path)
        self._counts[source, str(status)] += 1
        headers = dict(request.headers)
        if "authorization" in headers:
            headers["authorization"] = "redacted"
        self._last.append(
            {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "headers": headers,
                "source": source,
                "status": status,
            }
        )

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._last.clear()

    def report(self, last: int) -> dict[str, Any]:
        """Counts, and up to ``last`` requests, the newest at the end."""
        counts: dict[str, dict[str, int]] = {}
        for (source, status), count in sorted(self._counts.items()):
            counts.setdefault(source, {})[status] = count
        return {"counts": counts, "last": list(self._last)[-last:] if last else []}


def source_of(path: str) -> str:
    """The source that a path names, ``subscriptions``, or "" for none."""
    if names_subscriptions(path):
        return SUBSCRIPTIONS
    try:
        return read_path(path).source.name
    except Refusal:
        return ""
