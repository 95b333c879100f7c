"""Subscriptions are looked after."""

import azure.functions as func

from shared import wiring
from shared.errors import AppError

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%SUBSCRIPTIONS_SCHEDULE%")
def maintain_subscriptions(timer: func.TimerRequest) -> None:  # noqa: ARG001
    """Bring every tenant's subscriptions to the wanted state; one that fails harms no other."""
    for tenant in wiring.tenants():
        maintenance = wiring.maintenance(tenant)
        if maintenance is None:
            return
        try:
            maintenance.run()
        except AppError:
            continue  # told by an event, and kept for status
