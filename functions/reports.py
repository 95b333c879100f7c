"""What is derived from the export for people to look at."""

import azure.functions as func

from functions import answers
from shared import wiring

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%REPORT_SCHEDULE%")
def render_report(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Render each tenant's report."""
    wiring.rendering().all_tenants(wiring.tenants(), wiring.settings().run_budget_seconds)


@bp.route(route="report", methods=["GET"])
def report(req: func.HttpRequest) -> func.HttpResponse:
    """The latest report of a tenant, as a page."""
    from shared.export.requests import Refused, exported
    from shared.views import names, policy

    try:
        tenant = exported(req.params.get("tenant", wiring.settings().tenant_id), wiring.tenants())
    except Refused as refused:
        return answers.json({"error": str(refused)}, refused.status)
    page = wiring.views().read(names.latest_report(tenant))
    if page is None:
        return answers.json({"error": "There is no report yet. render_report makes one at REPORT_SCHEDULE."}, 404)
    return func.HttpResponse(page.data, mimetype="text/html", charset="utf-8", headers=policy.headers())


@bp.timer_trigger(arg_name="timer", schedule="%LATEST_SCHEDULE%")
def publish_latest(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Bring the latest view up to date."""
    from shared.views import latest

    config = wiring.settings()
    latest.publish_all(wiring.latest_edges(), wiring.tenants(), config.export_sources, config.run_budget_seconds)
