"""The page of the webhook's results."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.report import markdown
from bench.webhook.experiment import webhook

SHORT_S: Final = 20.0
FULL_S: Final = 60.0

_PAGE: Final = Path(__file__).parent.parent / "results" / "webhook.md"


def write(seconds: float) -> str:
    """Measure, keep the page, and return it."""
    page = markdown(webhook(seconds), datetime.now(UTC), f"python -m bench.webhook --seconds {seconds:g}")
    _PAGE.parent.mkdir(exist_ok=True)
    _PAGE.write_text(page, encoding="utf-8")
    return page
