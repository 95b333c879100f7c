"""What is derived from the export for people to look at."""

import azure.functions as func

from shared import wiring

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%LATEST_SCHEDULE%")
def publish_latest(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Bring the latest view up to date."""
    from shared.views import latest

    config = wiring.settings()
    latest.publish_all(wiring.latest_edges(), wiring.tenants(), config.export_sources, config.run_budget_seconds)
