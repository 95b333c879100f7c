"""What keeps a host from starting, and what the settings switch off."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from local.azurite import Azurite
from local.child import ChildFailed
from local.host.config import HostJson, QueueOptions, WrongConfiguration
from local.host.routes import Template
from local.stack import local_host
from tests.host.conftest import sample_host

SENDS = """
import typing
import azure.functions as func
app = func.FunctionApp()
@app.route(route="send")
@app.queue_output(arg_name="out", queue_name="{queue}", connection="AzureWebJobsStorage")
def send(req: func.HttpRequest, out: {annotation}) -> str:
    return ""
"""
ANSWERS = """
import azure.functions as func
app = func.FunctionApp()
@app.route(route="{route}")
def answer(req: func.HttpRequest) -> str:
    return ""
"""
TICKS = """
import azure.functions as func
app = func.FunctionApp()
@app.timer_trigger(arg_name="timer", schedule="{schedule}")
def tick(timer: func.TimerRequest) -> None: ...
"""
LISTENS = """
import azure.functions as func
app = func.FunctionApp()
@app.event_hub_message_trigger(arg_name="event", event_hub_name="hub", connection="HUB")
def listen(event: func.EventHubEvent) -> None: ...
"""
GOOD = "func.Out[typing.List[str]]"

MakeApp = Callable[..., Path]


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """Writes an app of one file."""

    def write(code: str, host_json: str = '{"version": "2.0"}') -> Path:
        app = tmp_path / "app"
        app.mkdir()
        (app / "function_app.py").write_text(code)
        (app / "host.json").write_text(host_json)
        return app

    return write


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (SENDS.format(queue="work", annotation="func.Out[list[str]]"), "has invalid non-type annotation"),
        (SENDS.format(queue="work", annotation=GOOD) + "import nowhere", "No module named 'nowhere'"),
        ("import azure.functions as func\napp = func.FunctionApp()", "0 functions found"),
        ("", "Could not find top level function app instances"),
        (SENDS.format(queue="%NOT_THERE%", annotation=GOOD), "'%NOT_THERE%' does not resolve to a value"),
        (SENDS.format(queue="work", annotation=GOOD), "setting AzureWebJobsStorage is missing"),
        (TICKS.format(schedule="every day"), "schedule 'every day'"),
        (ANSWERS.format(route="{id:decimal}"), "no constraint decimal"),
        (LISTENS, "no binding 'eventHubTrigger'"),
    ],
    ids=["annotation", "import", "empty", "no-app", "setting", "connection", "schedule", "route", "binding"],
)
def test_an_app_that_cannot_run_says_why(make_app: MakeApp, tmp_path: Path, code: str, reason: str) -> None:
    """The host ends with code 1 and the reason, where Azure's shows 0 functions and little else."""
    with (
        pytest.raises(ChildFailed, match="ended with code 1") as failure,
        local_host({}, app=make_app(code), logs=tmp_path),
    ):
        pass
    assert reason in str(failure.value)


@pytest.mark.parametrize(
    ("host_json", "reason"),
    [
        ("{", "not JSON"),
        ('{"extensions": {"queues": {"batchSize": 33}}}', "1 to 32"),
        ('{"extensions": {"queues": {"visibilityTimeout": "30s"}}}', "write [d.]hh:mm:ss"),
    ],
)
def test_a_wrong_host_json_says_why(make_app: MakeApp, host_json: str, reason: str) -> None:
    """Wrong options are named, not replaced by defaults."""
    with pytest.raises(WrongConfiguration, match=re.escape(reason)):
        HostJson.read(make_app("", host_json))


def test_a_folder_without_host_json_is_no_app(tmp_path: Path) -> None:
    """The likeliest reason is a wrong ``--app``."""
    with pytest.raises(WrongConfiguration, match="is this the folder of a function app"):
        HostJson.read(tmp_path)


def test_host_json_is_read(make_app: MakeApp) -> None:
    """The options of the queues section, with the host's defaults for the rest."""
    queues = {"batchSize": 8, "maxPollingInterval": "00:00:30", "visibilityTimeout": "1.02:03:04.5"}
    content = {"extensions": {"http": {"routePrefix": ""}, "queues": queues}}
    assert HostJson.read(make_app("", json.dumps(content))) == HostJson(
        route_prefix="",
        queues=QueueOptions(
            batch_size=8,
            new_batch_threshold=4,
            max_polling_interval=timedelta(seconds=30),
            visibility_timeout=timedelta(days=1, hours=2, minutes=3, seconds=4.5),
        ),
    )


@pytest.mark.parametrize("route", ["{id:regex(a)}", "{id=5}", "{name}.json", "a{id}"])
def test_a_route_that_is_not_understood_is_refused(route: str) -> None:
    """Nothing of ASP.NET's syntax is silently matched in another way than in Azure."""
    with pytest.raises(WrongConfiguration, match="cannot read"):
        Template.parse(f"things/{route}")


def test_disabled_functions_rest(azurite: Azurite, tmp_path: Path) -> None:
    """``AzureWebJobs.<name>.Disabled``: no route, no polling, no ticks; the admin API still lists and fires them."""
    off = {f"AzureWebJobs.{name}.Disabled": "true" for name in ("echo", "work", "slow")}
    with sample_host(azurite, tmp_path, settings=off | {"SLOW_SCHEDULE": "* * * * * *"}) as host:
        host.work.put("waiting")
        assert host.get("/api/echo/alerts").status == 404
        listed = {entry["name"]: entry["isDisabled"] for entry in host.get("/admin/functions").json()}
        assert (listed["echo"], listed["work"], listed["quick"]) == (True, True, False)
        host.request("POST", "/admin/functions/slow", b'{"input": ""}')  # takes longer than a tick and a poll
        host.ticks.take()
        assert host.child.output().count("Executed slow") == 1
        assert "Executed work" not in host.child.output()
        assert host.work.length() == 1


def test_the_ready_file_names_the_address(azurite: Azurite, tmp_path: Path) -> None:
    """``--ready-file`` gets the line that standard output gets."""
    ready = tmp_path / "ready.json"
    with sample_host(azurite, tmp_path, f"--ready-file={ready}") as host:
        assert json.loads(ready.read_text()) == {"url": host.url}
