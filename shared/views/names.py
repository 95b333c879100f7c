"""Where derived things lie, in ``VIEWS_CONTAINER``. Readers depend on these names; they never change.

::

    reports/tenant=<guid>/date=2026-11-23/report.html
    reports/tenant=<guid>/latest.html
"""

from datetime import date


def report(tenant: str, day: date) -> str:
    """The report of a day."""
    return f"reports/tenant={tenant}/date={day}/report.html"


def latest_report(tenant: str) -> str:
    """The newest report."""
    return f"reports/tenant={tenant}/latest.html"
