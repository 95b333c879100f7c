"""What operators look at."""

import azure.functions as func

from functions import answers
from shared import wiring
from shared.errors import DataNotUnderstood, SettingsError

bp = func.Blueprint()


@bp.route(route="status", methods=["GET"])
def status(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """How every source of every tenant is doing; 500 with what to mend where the settings are wrong."""
    from shared import instants
    from shared import status as health
    from shared.export.session import stored_checkpoint

    try:
        wanted = [(tenant, source) for tenant in wiring.tenants() for source in wiring.sources()]
        state = wiring.state()
    except SettingsError as error:
        return answers.json({"healthy": False, "settings": str(error)}, 500)
    try:
        checkpoints = {(tenant, source): stored_checkpoint(state, source, tenant) for tenant, source in wanted}
    except DataNotUnderstood as error:
        return answers.json({"healthy": False, "error": str(error)}, 500)
    return answers.json(health.report(checkpoints, instants.from_datetime(wiring.clock.now())))
