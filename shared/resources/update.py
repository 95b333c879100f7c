"""One update: read, write down, send, read again, write down what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
from azure.core.exceptions import AzureError

from shared import events, instants
from shared.errors import AppError, StorageConflict
from shared.export.edges import Edges
from shared.export.requests import Refused
from shared.graph.client import Call
from shared.resources import audit
from shared.resources.asked import Asked
from shared.resources.audit import Asker, Audit
from shared.resources.outcome import Done, Outcome, Parts, Request, status_of
from shared.resources.products import effect
from shared.resources.record import Record, RecordInGraph, Unsure
from shared.resources.rules import VENDOR_FIELD, Updatable, refusal


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be sent, once it is known."""

    asked: Asked
    id: str
    before: Record
    effect: str
    change: Call | None
    comment: Call | None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What became of what was sent."""

    done: Parts
    error: AppError | None
    shown: Record | None
    """The record that Graph answered with, if nothing was sent after it."""


def update(asked: Asked, id_: str, edges: Edges, until: float) -> Outcome:
    """Update one record, or show what would be sent; nothing begins after the monotonic second ``until``.

    Every error becomes part of the outcome, so that one record stops no other.
    """
    outcome = _update(asked, id_, edges, until)
    if not asked.dry_run:
        _tell(asked, outcome)
    return outcome


def _update(asked: Asked, id_: str, edges: Edges, until: float) -> Outcome:
    if why := refusal(asked.rules, id_):
        return _not_sent(asked, id_, 400, why)
    record = RecordInGraph(edges.graph, edges.clock, asked.tenant, asked.rules, id_, until)
    try:
        before = record.read()
        fields = completed(asked.rules, asked.change.fields, before.fields)
    except AppError as error:
        return _not_sent(asked, id_, status_of(error), str(error))
    except Refused as refused:
        return _not_sent(asked, id_, refused.status, str(refused))
    plan = _Plan(
        asked,
        id_,
        before,
        effect=_sayable(effect(asked.rules, before.fields)),
        change=record.to_change(fields, asked.if_match) if fields else None,
        comment=None if asked.change.comment is None else record.to_comment(asked.change.comment),
    )
    return _shown(plan) if asked.dry_run else _audited(plan, record, edges)


def _shown(plan: _Plan) -> Outcome:
    """What a dry run tells."""
    calls = [call for call in (plan.change, plan.comment) if call]
    return msgspec.structs.replace(
        _not_sent(plan.asked, plan.id, 200, None),
        would_send=[Request(call.method, call.path, call.headers, msgspec.Raw(call.body or b"null")) for call in calls],
        effect=plan.effect,
        resource=plan.before.raw,
    )


def completed(rules: Updatable, fields: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The fields with what Graph wants to see in every change, from the record as it is.

    Raises:
        Refused: it is not there either.
    """
    if not rules.wants_vendor or VENDOR_FIELD in fields:
        return fields
    vendor = before.get(VENDOR_FIELD)
    if not rules.fields[VENDOR_FIELD].fits(vendor):
        raise Refused(f"Graph wants {VENDOR_FIELD}, and shows none for this record: give provider and vendor.")
    return {**fields, VENDOR_FIELD: vendor}


def _audited(plan: _Plan, record: RecordInGraph, edges: Edges) -> Outcome:
    at = instants.from_datetime(edges.clock.now())
    begun = _begun(plan, instants.to_text(at))
    blob = audit.name(begun.update, at)
    try:
        audit.begin(edges.state, blob, begun)
    except (AzureError, StorageConflict) as error:
        why = f"Nothing was sent: its audit record could not be written to STATE_CONTAINER ({type(error).__name__})."
        unaudited = _not_sent(plan.asked, plan.id, 503, f"{why} Mend that, and ask again.")
        _tell_unaudited(plan.asked, unaudited)
        return unaudited
    outcome = _outcome(plan, record, blob)
    try:
        audit.finish(edges.state, blob, _finished(begun, outcome))
    except (AzureError, StorageConflict) as error:
        lacks = f"The audit record could not be completed ({type(error).__name__}): it says '{audit.UNFINISHED}'."
        outcome = msgspec.structs.replace(outcome, warnings=[*outcome.warnings, lacks])
        _tell_unaudited(plan.asked, outcome)
    return outcome


def _begun(plan: _Plan, at: str) -> Audit:
    return Audit(
        update=str(uuid4()),
        at=at,
        tenant=plan.asked.tenant,
        collection=plan.asked.rules.source.name,
        id=plan.id,
        requested_by=Asker(plan.asked.requested_by),
        if_match=plan.asked.if_match,
        before=plan.before.raw,
        sent=msgspec.Raw(plan.change.body) if plan.change and plan.change.body else None,
        comment=plan.asked.change.comment,
    )


def _finished(begun: Audit, outcome: Outcome) -> Audit:
    return msgspec.structs.replace(
        begun,
        state=audit.FINISHED,
        done=outcome.done,
        status=outcome.status,
        after=outcome.resource,
        error=outcome.error,
    )


def _outcome(plan: _Plan, record: RecordInGraph, blob: str) -> Outcome:
    """Send it, and see what became of it."""
    sent = _send(record, plan.change, plan.comment)
    after, warnings = _after(record, sent)
    return Outcome(
        id=plan.id,
        status=status_of(sent.error) if sent.error else 200,
        done=sent.done,
        error=_sayable(str(sent.error)) if sent.error else None,
        warnings=warnings,
        effect=plan.effect,
        audit=blob,
        resource=after.raw if after else None,
    )


def _send(record: RecordInGraph, change: Call | None, comment: Call | None) -> _Sent:
    """The change and then, if that is made, the comment."""
    shown: list[Record | None] = []
    changed, error = _tried(change, lambda call: shown.append(record.change(call)))
    if error:
        return _Sent(Parts(changed, Done.NOT_DONE if comment else Done.NOT_ASKED), error, None)
    commented, error = _tried(comment, record.comment)
    return _Sent(Parts(changed, commented), error, shown[0] if shown and comment is None else None)


def _tried(call: Call | None, step: Callable[[Call], None]) -> tuple[Done, AppError | None]:
    if call is None:
        return Done.NOT_ASKED, None
    try:
        step(call)
    except Unsure as error:
        return Done.UNKNOWN, error
    except AppError as error:
        return Done.NOT_DONE, error
    return Done.DONE, None


def _after(record: RecordInGraph, sent: _Sent) -> tuple[Record | None, list[str]]:
    if sent.shown or not sent.done.touched:
        return sent.shown, []
    try:
        return record.read(), []
    except AppError as error:
        return None, [_sayable(f"The record could not be read afterwards: {error}")]


def _not_sent(asked: Asked, id_: str, status: int, error: str | None) -> Outcome:
    done = Parts(
        Done.NOT_DONE if asked.change.fields else Done.NOT_ASKED,
        Done.NOT_ASKED if asked.change.comment is None else Done.NOT_DONE,
    )
    return Outcome(id=id_, status=status, done=done, error=error and _sayable(error))


def _sayable(text: str) -> str:
    """Foreign text that can become UTF-8: half of a surrogate pair cannot."""
    return text.encode(errors="replace").decode()


def _tell(asked: Asked, outcome: Outcome) -> None:
    events.emit(events.Event.UPDATED if outcome.done.touched else events.Event.NOT_UPDATED, **_fields(asked, outcome))


def _tell_unaudited(asked: Asked, outcome: Outcome) -> None:
    events.emit(events.Event.UNAUDITED, **_fields(asked, outcome))


def _fields(asked: Asked, outcome: Outcome) -> dict[str, events.Value]:
    return {
        "tenant": asked.tenant,
        "collection": asked.rules.source.name,
        "resource_id": outcome.id,
        "status": outcome.status,
        "change": outcome.done.change,
        "comment": outcome.done.comment,
        "audit": outcome.audit,
    }
