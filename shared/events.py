"""What the app tells the operator's queries and alarms.

An event is one JSON object as the log message, since fields passed as ``extra`` do not get past the
Python worker (https://github.com/Azure/azure-functions-python-worker/issues/1327). In Log Analytics:
``traces | extend event = parse_json(message) | where event.event == "export.gap"``.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

type Value = str | int | float | datetime | list[str] | Mapping[str, int] | None

_log = logging.getLogger(__name__)


class Event(StrEnum):
    """The names of all events; queries and alarms depend on them."""

    FINISHED = "export.finished"
    """A job did what there was to do, within its budget."""
    FAILED = "export.failed"
    """Graph refused or could not serve a job; the next tick asks again."""
    GAP = "export.gap"
    """Graph kept something back (a provider failed, a record could not be read); the gap stands in status."""
    GONE = "export.gone"
    """Graph does not offer a source (any more); told once, and kept in status."""
    LEFT = "export.dropped"
    """A job was dropped, since its tenant is not exported (any more)."""
    RECONCILED = "reconcile.finished"
    """What was exported was compared with Graph, and what was missing filled in."""
    DROPPED = "notifications.dropped"
    """A POST to a webhook had items that did not pass the checks; ``reasons`` counts them."""
    SUBSCRIBED = "subscriptions.created"
    """A subscription was made, because there was none (any more)."""
    NOT_SUBSCRIBED = "subscriptions.refused"
    """Graph refused a subscription; told at every try."""
    UNMAINTAINED = "subscriptions.failed"
    """A tenant's subscriptions could not be looked after; the next tick tries again."""
    CHECKED = "subscriptions.checked"
    """How one wanted subscription is doing; told at every maintenance."""
    POISONED = "queues.poisoned"
    """A poison queue holds messages; told at every tick until it is empty."""
    SCORE = "secureScore.kept"
    """The newest secure score, when it is kept, and how it compares to the one before."""
    REPORTED = "reports.rendered"
    """The timer has rendered what its time allowed."""
    NOT_REPORTED = "report.failed"
    """A tenant's report could not be rendered; the next tick tries again."""
    UPDATED = "update.made"
    """A record was updated in Graph, or may have been: its answer was lost."""
    NOT_UPDATED = "update.refused"
    """An update was asked for and not made."""
    UNAUDITED = "update.unaudited"
    """The audit of an update could not be written, and nothing was sent; or not completed, and it was made."""
    PUBLISHED = "latest.published"
    """Newer revisions were merged into the latest view; ``months`` names the files that were replaced."""
    UNPUBLISHED = "latest.failed"
    """A latest view could not be brought up to date; the next run tries again."""


_LEVELS: Final[Mapping[Event, int]] = {
    Event.FINISHED: logging.INFO,
    Event.FAILED: logging.ERROR,
    Event.GAP: logging.WARNING,
    Event.GONE: logging.ERROR,
    Event.LEFT: logging.WARNING,
    Event.RECONCILED: logging.INFO,
    Event.DROPPED: logging.WARNING,
    Event.SUBSCRIBED: logging.INFO,
    Event.NOT_SUBSCRIBED: logging.WARNING,
    Event.UNMAINTAINED: logging.ERROR,
    Event.CHECKED: logging.INFO,
    Event.POISONED: logging.ERROR,
    Event.SCORE: logging.INFO,
    Event.REPORTED: logging.INFO,
    Event.NOT_REPORTED: logging.ERROR,
    Event.UPDATED: logging.INFO,
    Event.NOT_UPDATED: logging.WARNING,
    Event.UNAUDITED: logging.ERROR,
    Event.PUBLISHED: logging.INFO,
    Event.UNPUBLISHED: logging.ERROR,
}

_JOB: Final = ("source", "tenant")
_SUBSCRIPTION: Final = ("tenant", "resource", "change_type")
_UPDATE: Final = ("tenant", "collection", "resource_id", "status", "change", "comment", "audit")

FIELDS: Final[Mapping[Event, frozenset[str]]] = {
    event: frozenset(fields)
    for event, fields in {
        Event.FINISHED: (
            *(*_JOB, "job", "asked_by", "complete_until", "lag_seconds", "records", "records_total"),
            *("requests", "throttled", "gaps", "continues", "seconds"),
        ),
        Event.FAILED: (*_JOB, "reason", "message"),
        Event.GAP: (*_JOB, "start", "end", "providers", "unreadable"),
        Event.GONE: (*_JOB, "reason", "message"),
        Event.LEFT: (*_JOB, "job", "asked_by"),
        Event.RECONCILED: (
            *(*_JOB, "job", "asked_by", "days", "seen", "missing", "filled", "only_in_blobs", "removed", "failed"),
            *("gaps", "requests", "throttled", "continues", "seconds"),
        ),
        Event.DROPPED: ("reasons",),
        Event.SUBSCRIBED: (*_SUBSCRIPTION, "expires"),
        Event.NOT_SUBSCRIBED: (*_SUBSCRIPTION, "message"),
        Event.UNMAINTAINED: ("tenant", "reason", "message"),
        Event.CHECKED: (*_SUBSCRIPTION, "state", "hours_left"),
        Event.POISONED: ("queue", "messages"),
        Event.SCORE: ("tenant", "day", "score", "max_score", "percent", "previous_percent", "change_percent"),
        Event.REPORTED: ("rendered", "failed", "left", "seconds"),
        Event.NOT_REPORTED: ("tenant", "reason", "message"),
        Event.UPDATED: _UPDATE,
        Event.NOT_UPDATED: _UPDATE,
        Event.UNAUDITED: _UPDATE,
        Event.PUBLISHED: (*_JOB, "months", "records", "continues", "seconds"),
        Event.UNPUBLISHED: (*_JOB, "reason", "message"),
    }.items()
}
"""The fields of each event, all of them always there: a query that asks for another finds nothing, and says nothing."""

_SECRET: Final = ("token", "secret", "client_state", "authorization", "url", "body")


def emit(event: Event, **fields: Value) -> None:
    """Log an event with its fields: identifiers, names, counts and times.

    Never a token, a client state, a URL (it may hold a function key) or a body. Times become ISO 8601.

    Raises:
        ValueError: a field's name says that it holds such a thing, or the fields are not the event's.
    """
    if secret := [name for name in fields if any(word in name for word in _SECRET)]:
        raise ValueError(f"{', '.join(secret)} must not be logged")
    if fields.keys() != FIELDS[event]:
        raise ValueError(f"{event} has other fields: {', '.join(sorted(fields.keys() ^ FIELDS[event]))}")
    _log.log(_LEVELS[event], "%s", json.dumps({"event": event} | fields, default=_text))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
