# ruff: noqa: UP006  the worker refuses func.Out[list[str]]
# mypy: disable-error-code="untyped-decorator, no-untyped-call"
"""An app that shows what it is given; queue names come from settings, so that each test has its own."""

import json
import logging
import os
import threading
import time
import typing

import azure.functions as func

log = logging.getLogger(__name__)
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="echo/{collection}/{id?}", methods=["GET", "POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Everything of the request that a function can see."""
    seen = {
        "method": req.method,
        "url": req.url,
        "route": dict(req.route_params),
        "query": dict(req.params),
        "headers": dict(req.headers),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"X-Echo": "yes"})


@app.route(route="echo/special", methods=["GET"], trigger_arg_name="_req")
def literal(_req: func.HttpRequest) -> str:
    """A literal route beside a parameter."""
    return "literal"


@app.route(route="numbers/{id:int?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def numbers(req: func.HttpRequest) -> func.HttpResponse:
    """Bytes that are no text, a cookie, a status of its own."""
    answer = func.HttpResponse(b"\x00\xff" + req.route_params.get("id", "").encode(), status_code=203)
    answer.headers.add("Set-Cookie", "seen=1; Path=/api; HttpOnly; SameSite=Lax")
    answer.headers.add("Set-Cookie", "also=2")
    return answer


@app.route(route="raise", methods=["GET"], trigger_arg_name="_req")
async def fails(_req: func.HttpRequest) -> func.HttpResponse:
    """A function that raises."""
    raise ValueError("on purpose")


@app.route(route="send", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
def send(req: func.HttpRequest, out: func.Out[typing.List[str]]) -> func.HttpResponse:
    """Queues the items of the JSON list in the body."""
    out.set(json.loads(req.get_body()))
    return func.HttpResponse(status_code=202)


@app.route(route="send-one", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
def send_one(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    """Queues the body as one string: the trap, when it looks like JSON."""
    out.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="msg", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="out", queue_name="%DONE_QUEUE%", connection="AzureWebJobsStorage")
def work(msg: func.QueueMessage, out: func.Out[typing.List[str]]) -> None:
    """Takes orders: ``{"fail": n}`` raises in the first n attempts, ``{"seconds": s}`` takes its time."""
    body = msg.get_body().decode()
    order = json.loads(body) if body.startswith("{") else {}
    if (msg.dequeue_count or 1) <= order.get("fail", 0):
        raise ValueError(f"attempt {msg.dequeue_count} fails as ordered")
    log.info("working on %s", body)
    time.sleep(order.get("seconds", 0))
    inserted = msg.insertion_time.isoformat() if msg.insertion_time else None
    seen = {"body": body, "id": msg.id, "attempt": msg.dequeue_count, "inserted": inserted, "receipt": msg.pop_receipt}
    out.set([json.dumps(seen)])


_overlaps = threading.Lock()


def _tick(name: str, timer: func.TimerRequest, out: func.Out[typing.List[str]], seconds: float) -> None:
    alone = _overlaps.acquire(blocking=False) if name == "slow" else True
    began = time.time()
    time.sleep(seconds)
    if name == "slow" and alone:
        _overlaps.release()
    out.set([json.dumps({"timer": name, "began": began, "alone": alone, "past_due": timer.past_due})])


@app.timer_trigger(arg_name="timer", schedule="%SLOW_SCHEDULE%")
@app.queue_output(arg_name="out", queue_name="%TICKS_QUEUE%", connection="AzureWebJobsStorage")
def slow(timer: func.TimerRequest, out: func.Out[typing.List[str]]) -> None:
    """Takes longer than its one-second schedule."""
    _tick("slow", timer, out, 1.2)


@app.timer_trigger(arg_name="timer", schedule="%QUICK_SCHEDULE%")
@app.queue_output(arg_name="out", queue_name="%TICKS_QUEUE%", connection="AzureWebJobsStorage")
def quick(timer: func.TimerRequest, out: func.Out[typing.List[str]]) -> None:
    """Ends at once."""
    _tick("quick", timer, out, 0)


@app.route(route="environment/{name}", methods=["GET"])
def environment(req: func.HttpRequest) -> str:
    """A setting, as the app sees it."""
    return os.environ.get(req.route_params["name"], "")
