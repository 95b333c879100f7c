"""The history that is exported: fixed, so that every run asks for the same pages and gets the same bytes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

END: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""A midnight: the export then has whole days only."""
DAYS: Final = 30


def days() -> Iterator[tuple[str, str]]:
    """Start and end of each day as ``$filter`` has them."""
    for ago in range(DAYS, 0, -1):
        start = END - timedelta(days=ago)
        yield _text(start), _text(start + timedelta(days=1))


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
