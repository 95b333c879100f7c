"""A person's request for an export: the body of ``POST /api/export`` -> a job. Pure."""

from collections.abc import Collection
from datetime import date, timedelta

import msgspec

from shared.export.jobs import Days, Job
from shared.graph.sources import INCREMENTAL

MOST_BYTES = 64 * 1024
_LONGEST_HISTORY = timedelta(days=3653)


class Refused(Exception):
    """The request is not one. ``status`` is the HTTP status to answer with, the message says what to change."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def exported(tenant: str, tenants: Collection[str]) -> str:
    """The tenant that a person names, if it is exported.

    Raises:
        Refused: it is not; 404.
    """
    if (known := tenant.lower()) not in tenants:
        raise Refused("This tenant is not exported.", 404)
    return known


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    tenant: str | None = None
    since: date | None = None
    reconcile: Days | None = None


def read(body: bytes, *, sources: Collection[str], tenants: Collection[str], home: str, today: date) -> Job:
    """Check a request and make it a job.

    ``sources`` and ``tenants`` are those that are exported; without a tenant ``home`` is meant.

    Raises:
        Refused: with the reason.
    """
    if len(body) > MOST_BYTES:
        raise Refused(f"The body is longer than {MOST_BYTES} bytes.", 413)
    try:
        wanted = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        form = (
            '{"source": "alerts_v2", "tenant": "<guid>", "since": "2026-01-31"} or '
            '{"source": "alerts_v2", "tenant": "<guid>", "reconcile": {"from": "2026-11-01", "to": "2026-11-03"}}, '
            "all but the source optional"
        )
        raise Refused(f"The body must be JSON of this form: {form}. {error}") from error
    if wanted.source not in sources:
        raise Refused(f"The source must be one of {', '.join(sorted(sources))}.")
    tenant = exported(wanted.tenant or home, tenants)
    if wanted.since is not None:
        _check_since(wanted.since, wanted.source, today)
    if wanted.reconcile is not None:
        _check_reconcile(wanted.reconcile, wanted.source, wanted.since, today)
    return Job(asked_by="person", source=wanted.source, tenant=tenant, since=wanted.since, reconcile=wanted.reconcile)


def _check_since(since: date, source: str, today: date) -> None:
    if source not in INCREMENTAL:
        raise Refused(f"{source} is kept by days, as far back as Graph shows it: there is no since.")
    if not today - _LONGEST_HISTORY <= since < today:
        raise Refused(f"since must be a day before today and after {today - _LONGEST_HISTORY}.")


def _check_reconcile(days: Days, source: str, since: date | None, today: date) -> None:
    if source not in INCREMENTAL:
        raise Refused(f"{source} is kept by days: there is nothing to reconcile.")
    if since is not None:
        raise Refused("Ask for since or for reconcile, not for both.")
    if not today - _LONGEST_HISTORY <= days.first <= days.last <= today:
        earliest = today - _LONGEST_HISTORY
        raise Refused(
            f"reconcile must be from a day to the same or a later one, none before {earliest} or after today."
        )
