"""Subscriptions are looked after."""

import azure.functions as func

from shared import wiring

bp = func.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="%SUBSCRIPTIONS_SCHEDULE%")
def maintain_subscriptions(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001
    """Bring tenants' subscriptions to the wanted state, as many as time allows; one that fails harms no other."""

    def adopt() -> None:
        # The worker ships what a thread logs only if it knows for which invocation (Python developer guide, "Logging
        # from created threads").
        context.thread_local_storage.invocation_id = context.invocation_id  # type: ignore[attr-defined]

    wiring.maintain_all(adopt)
