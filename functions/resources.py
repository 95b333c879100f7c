"""A person reads or updates one record of Graph, or several."""

import azure.functions as func

from functions import answers
from shared import wiring
from shared.errors import AppError

bp = func.Blueprint()

_PASSED_ON = ("etag", "warning")
"""Of Graph's headers: what a later If-Match needs, and which providers failed."""


@bp.route(route="security/{collection}/{id?}", methods=["PATCH"])
def update_security_resource(req: func.HttpRequest) -> func.HttpResponse:
    """Update what the path or the body names, with an audit, and tell what became of each."""
    from shared.export.requests import Refused
    from shared.resources import answering, asked

    try:
        wanted = asked.update(
            collection=req.route_params["collection"],
            id_=req.route_params.get("id"),
            url=req.url,
            headers={name.lower(): value for name, value in req.headers.items()},
            body=req.get_body(),
            tenants=wiring.tenants(),
            home=wiring.settings().tenant_id,
        )
    except Refused as refused:
        return answers.json({"error": str(refused)}, refused.status)
    reply = answering.update_all(wanted, wiring.edges(), lambda: wiring.ring(wanted.tenant))
    return answers.encoded(reply.body, reply.status)


@bp.route(route="security/{collection}/{id?}", methods=["GET"])
def get_security_resource(req: func.HttpRequest) -> func.HttpResponse:
    """Read one record, or a page of a collection, as Graph shows it."""
    from shared.export.requests import Refused
    from shared.resources import answering, asked
    from shared.resources.outcome import status_of

    try:
        wanted = asked.reading(
            collection=req.route_params["collection"],
            id_=req.route_params.get("id"),
            url=req.url,
            tenants=wiring.tenants(),
            home=wiring.settings().tenant_id,
        )
        answer = answering.read(wanted, wiring.edges())
    except Refused as refused:
        return answers.json({"error": str(refused)}, refused.status)
    except AppError as error:
        return answers.json({"error": str(error)}, status_of(error))
    passed_on = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
    return answers.encoded(answer.body, answer.status, passed_on)
