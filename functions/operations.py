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
    from shared.export.requests import Refused, exported
    from shared.status_reading import read

    try:
        tenants = wiring.tenants()
        if tenant := req.params.get("tenant"):
            tenants = (exported(tenant, tenants),)
        lengths = {name: wiring.queue(name).length() for name in wiring.QUEUES}
        now = instants.from_datetime(wiring.clock.now())
        report = read(wiring.settings(), wiring.state(), tenants, wiring.sources(), lengths, now)
    except Refused as refused:
        return answers.json({"error": str(refused)}, refused.status)
    except SettingsError as error:
        return answers.json({"healthy": False, "settings": str(error)}, 500)
    except DataNotUnderstood as error:
        return answers.json({"healthy": False, "error": str(error)}, 500)
    return answers.json(report)
