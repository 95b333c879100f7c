"""Timers and people ask for exports; one worker does them."""

import typing

import azure.functions as func

from functions import answers
from shared import wiring
from shared.graph.sources import DAILY
from shared.wiring import JOBS_QUEUE

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%ALERTS_SCHEDULE%")
def export_alerts(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Ask for one export for each tenant and incremental source."""
    wiring.tell_poisoned()
    wiring.tick(wiring.settings().export_sources)


@bp.timer_trigger(arg_name="timer", schedule="%SECURE_SCORES_SCHEDULE%")
def export_secure_scores(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Ask for each tenant's secure scores and control profiles."""
    wiring.tick(DAILY)


@bp.timer_trigger(arg_name="timer", schedule="%RECONCILE_SCHEDULE%")
def reconcile(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Ask for each tenant's and incremental source's last days to be compared with Graph."""
    wiring.tick(wiring.settings().export_sources, wiring.last_days())


@bp.queue_trigger(arg_name="message", queue_name=JOBS_QUEUE, connection="AzureWebJobsStorage")
def run_export_job(message: func.QueueMessage) -> None:
    """Do one job; what can't be done now is retried by the host, or asked for again later."""
    from shared.export import job, jobs

    wanted = jobs.decode(message.get_body())
    if wiring.exports(wanted.tenant):
        job.run(wanted, wiring.edges(), wiring.rules())
    else:
        job.drop(wanted)


# func.Out[list[str]] would keep the whole app from being indexed; a list of strings is one message each.
@bp.route(route="export", methods=["POST"])
@bp.queue_output(arg_name="jobs", queue_name=JOBS_QUEUE, connection="AzureWebJobsStorage")
def request_export(req: func.HttpRequest, jobs: func.Out[typing.List[str]]) -> func.HttpResponse:
    """Put a person's request on the queue, and answer with the job's id."""
    from shared.export import requests
    from shared.export.jobs import encode

    try:
        wanted = requests.read(
            req.get_body(),
            sources=wiring.sources(),
            tenants=wiring.tenants(),
            home=wiring.settings().tenant_id,
            today=wiring.clock.now().date(),
        )
    except requests.Refused as refused:
        return answers.json({"error": str(refused)}, refused.status)
    jobs.set([encode(wanted)])
    return answers.json({"id": wanted.id, "source": wanted.source, "tenant": wanted.tenant}, 202)
