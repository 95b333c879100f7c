"""What operators look at."""

import azure.functions as func

from functions import answers
from shared import wiring
from shared.errors import DataNotUnderstood, SettingsError

bp = func.Blueprint()


@bp.route(route="status", methods=["GET"])
def status(req: func.HttpRequest) -> func.HttpResponse:
    """How every source, subscription and queue is doing; 500 with what to mend where the settings are wrong."""
    from shared import instants
    from shared.status_reading import read

    try:
        tenants = wiring.tenants()
        if (tenant := req.params.get("tenant", "").lower()) and tenant not in tenants:
            return answers.json({"error": "This tenant is not exported."}, 404)
        lengths = {name: wiring.queue(name).length() for name in wiring.QUEUES}
        now = instants.from_datetime(wiring.clock.now())
        report = read(
            wiring.settings(), wiring.state(), [tenant] if tenant else tenants, wiring.sources(), lengths, now
        )
    except SettingsError as error:
        return answers.json({"healthy": False, "settings": str(error)}, 500)
    except DataNotUnderstood as error:
        return answers.json({"healthy": False, "error": str(error)}, 500)
    return answers.json(report)
