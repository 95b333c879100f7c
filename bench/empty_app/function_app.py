# ruff: noqa: UP006  the worker refuses func.Out[list[str]]
# mypy: disable-error-code="untyped-decorator, no-untyped-call"
"""The least that a webhook can be: what it costs is the host's, not ours. Runs with the project's host.json."""

import typing

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

# As long as the app's own message of a notification.
_MESSAGE = "x" * 340


@app.route(route="queued", methods=["POST"])
@app.queue_output(arg_name="messages", queue_name="graph-notifications", connection="AzureWebJobsStorage")
def queued(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> func.HttpResponse:  # noqa: ARG001
    """Queue a message, whatever was posted."""
    messages.set([_MESSAGE])
    return func.HttpResponse(status_code=202)


@app.route(route="bare", methods=["POST"])
def bare(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """Answer and do nothing else: shows what the queue costs."""
    return func.HttpResponse(status_code=202)
