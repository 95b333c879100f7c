"""Graph posts; what passes the checks goes on the queue, and rings the bell."""

import typing

import azure.functions as func

from functions import answers
from shared import wiring
from shared.wiring import JOBS_QUEUE, NOTIFICATIONS_QUEUE

bp = func.Blueprint()


@bp.route(route="notifications", methods=["POST"])
@bp.queue_output(arg_name="messages", queue_name=NOTIFICATIONS_QUEUE, connection="AzureWebJobsStorage")
def notifications(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> func.HttpResponse:
    """Answer Graph's validation request, or queue its notifications."""
    return _receive(req, messages)


@bp.route(route="lifecycle", methods=["POST"])
@bp.queue_output(arg_name="messages", queue_name=NOTIFICATIONS_QUEUE, connection="AzureWebJobsStorage")
def lifecycle(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> func.HttpResponse:
    """The same for lifecycle notifications."""
    return _receive(req, messages)


@bp.queue_trigger(arg_name="message", queue_name=NOTIFICATIONS_QUEUE, connection="AzureWebJobsStorage")
@bp.queue_output(arg_name="jobs", queue_name=JOBS_QUEUE, connection="AzureWebJobsStorage")
def process_notifications(message: func.QueueMessage, jobs: func.Out[typing.List[str]]) -> None:
    """Ring the bell for changes, and do what lifecycle events ask for."""
    from shared.subscriptions.lifecycle import act
    from shared.subscriptions.state import remember_notified
    from shared.webhooks.messages import decode

    note = decode(message.get_body())
    if not wiring.exports(note.tenantId):
        return
    if note.kind == "lifecycle":
        if act(note, wiring.subscriptions(note.tenantId), wiring.maintenance(note.tenantId)):
            jobs.set(wiring.bells(note.tenantId))
        return
    jobs.set(wiring.bells(note.tenantId))
    remember_notified(wiring.state(), note.tenantId, note.received)


def _receive(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> func.HttpResponse:
    from shared import instants
    from shared.webhooks import notifications as webhook

    try:
        if (token := req.params.get("validationToken")) is not None:
            return answers.text(webhook.validation_answer(token))
        batch = webhook.read(
            req.get_body(),
            req.headers.get("content-type", ""),
            client_states=wiring.settings().client_states(),
            tenants=wiring.tenants(recent=True),
            received=instants.to_text(instants.from_datetime(wiring.clock.now())),
        )
    except webhook.Malformed as malformed:
        return answers.json({"error": str(malformed)}, 400)
    if batch.dropped:
        from shared import events

        events.emit(events.Event.DROPPED, reasons=batch.dropped)
    messages.set(list(batch.messages))
    # 202 even where all were dropped, as Graph asks: a stranger learns nothing of the check.
    return func.HttpResponse(status_code=202)
