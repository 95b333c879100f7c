"""Graph's permissions are granted, over HTTP, against the simulated Graph."""

import ast
import json
import shlex

import pytest
import requests

from infra.hooks import grant_graph_roles
from local.simulator.faults import Scripted
from local.simulator.service_principals import ADMINISTRATOR, GRAPH_OBJECT_ID
from tests.fakes.clock import FakeClock
from tests.infra.hooks.app_standin import TENANT
from tests.infra.hooks.cloud import PRINCIPAL, Cloud
from tests.infra.hooks.conftest import Run, Told

ALERT, INCIDENT, EVENTS = "SecurityAlert.Read.All", "SecurityIncident.Read.All", "SecurityEvents.Read.All"


@pytest.fixture
def grant(cloud: Cloud, clock: FakeClock, run: Run) -> "Grant":
    """Runs the script with the azd environment."""
    return Grant(cloud, clock, run)


class Grant:
    """The script."""

    def __init__(self, cloud: Cloud, clock: FakeClock, run: Run) -> None:
        self._cloud = cloud
        self._clock = clock
        self._run = run

    def __call__(self, *arguments: str) -> Told:
        return self._run(lambda: grant_graph_roles.main(arguments, self._cloud.env, self._clock))


def test_what_is_needed_is_granted_and_nothing_else(cloud: Cloud, grant: Grant) -> None:
    """The chosen source's permission and the daily sources', by the ids that this tenant's Graph has for them."""
    cloud.graph.directory.app_roles[ALERT] = "0b7a0000-0000-4000-8000-00000000a1e7"
    told = grant()
    assert told.code == 0
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS}
    assert cloud.graph.directory.assignments[0]["appRoleId"] == "0b7a0000-0000-4000-8000-00000000a1e7"
    assert f"{ALERT}   granted now  (reads alerts_v2)" in told.text
    assert "az rest" not in told.text


def test_a_second_run_grants_nothing_twice(cloud: Cloud, grant: Grant) -> None:
    """It looks, says that all is there, and asks for nothing."""
    asked: list[str] = []
    cloud.graph.on_request = lambda request: asked.append(request.method)
    first = grant()
    assert (first.code, asked) == (0, ["GET", "GET", "POST", "POST"])
    asked.clear()
    second = grant()
    assert (second.code, asked) == (0, ["GET", "GET"])
    assert first.text.count("granted now") == 2
    assert second.text.count("was there already") == 2
    assert len(cloud.graph.directory.assignments) == 2


def test_what_is_there_is_found_on_every_page(cloud: Cloud, grant: Grant) -> None:
    """Graph lists assignments in pages; nothing is asked for that stands on the last."""
    cloud.graph.on_request = lambda request: asked.append(request.method)
    asked: list[str] = []
    cloud.graph.directory.page_size = 1
    cloud.graph.service_principals.grant(PRINCIPAL, [INCIDENT, ALERT, EVENTS])
    told = grant()
    assert told.text.count("was there already") == 2
    assert asked == ["GET"] * 4


def test_what_somebody_else_granted_meanwhile_is_there(cloud: Cloud, grant: Grant) -> None:
    """An answer that got lost makes Graph refuse the repeated request as a duplicate: it was there."""
    cloud.graph.on_request = lambda request: (
        cloud.graph.service_principals.grant(PRINCIPAL, [ALERT])
        if request.method == "POST" and not cloud.graph.directory.granted(PRINCIPAL)
        else None
    )
    told = grant()
    assert told.code == 0
    assert f"{ALERT}   was there already" in told.text
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS}


def test_an_identity_that_is_new_is_waited_for(cloud: Cloud, clock: FakeClock, grant: Grant) -> None:
    """The directory answers 404 until the identity is replicated, to the list and to the grant alike."""
    cloud.graph.directory.hidden_for[PRINCIPAL] = 3
    told = grant()
    assert told.code == 0
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS}
    assert clock.monotonic() == 30


def test_an_identity_that_never_shows_is_given_up(cloud: Cloud, clock: FakeClock, grant: Grant) -> None:
    """After two minutes, with Graph's words."""
    cloud.graph.directory.principals.clear()
    told = grant()
    assert told.code == 1
    assert "Request_ResourceNotFound" in told.text
    assert clock.monotonic() == 120


def test_graph_is_waited_for_as_it_asks(cloud: Cloud, clock: FakeClock, grant: Grant) -> None:
    """429 and 503 with Retry-After, and a broken connection."""
    cloud.graph.directory.trouble.script = [Scripted(429, "17"), Scripted(503, "5"), Scripted(reset=True)]
    assert grant().code == 0
    assert 22 < clock.monotonic() < 30
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS}


def test_graph_is_not_waited_for_without_end(cloud: Cloud, clock: FakeClock, grant: Grant) -> None:
    """Down for minutes: it failed, and nothing is said to be granted."""
    cloud.graph.directory.trouble.outage = 503
    told = grant()
    assert told.code == 1
    assert told.text.count("not granted: it failed") == 2
    assert clock.monotonic() <= 180


def test_who_may_not_grant_is_told_who_may_and_how(cloud: Cloud, grant: Grant) -> None:
    """403 ends with a code of its own; nothing was changed."""
    cloud.sign_in_reader()
    told = grant()
    assert told.code == 3
    assert cloud.graph.directory.assignments == []
    assert told.text.count("not granted: you may not") == 2
    assert "Privileged Role Administrator" in told.text
    assert f"az login --tenant {TENANT}" in told.text


def test_the_printed_lines_do_it(cloud: Cloud, grant: Grant) -> None:
    """An administrator pastes the lines of az; each does what it says, by real ids, in any shell."""
    cloud.sign_in_reader()
    told = grant("--sources", "alerts_v2,incidents")
    lines = [line.strip() for line in told.text.splitlines() if line.strip().startswith("az rest --method post")]
    headers = {"Authorization": f"Bearer {cloud.graph.issue_token(TENANT, ADMINISTRATOR)}"}
    assert len(lines) == 3
    for line in lines:
        assert not set("$`\\!") & set(line)  # sh and PowerShell read these differently
        assert line.count('"') == 2  # PowerShell takes those inside an argument away
        words = shlex.split(line)
        option = dict(zip(words[2::2], words[3::2], strict=True))
        assert option["--resource"] == cloud.env["GRAPH_URL"]
        # az reads a body as JSON, or else as a Python literal (azure-cli-core, shell_safe_json_parse).
        body = ast.literal_eval(option["--body"])
        assert requests.post(option["--url"], json=body, headers=headers, timeout=10).status_code == 201
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS, INCIDENT}


def test_the_printed_script_does_it(cloud: Cloud, grant: Grant) -> None:
    """The same script, on a machine that knows nothing of the azd environment."""
    cloud.sign_in_reader()
    cloud.env["SUBSCRIPTIONS"] = json.dumps([{"resource": "security/alerts?$filter=x", "changeType": "updated"}])
    line = next(line for line in grant().text.splitlines() if "grant_graph_roles.py" in line)
    cloud.sign_in(*ADMINISTRATOR)
    cloud.env.clear()
    told = grant(*shlex.split(line)[2:])
    assert told.code == 0
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, "SecurityEvents.ReadWrite.All"}


def test_half_way_is_told(cloud: Cloud, grant: Grant) -> None:
    """One is granted, the other is refused: both are said, and only what is missing is asked of the administrator."""
    cloud.graph.directory.refused = {EVENTS}
    told = grant()
    assert told.code == 3
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT}
    assert f"{ALERT}   granted now" in told.text
    assert f"{EVENTS}  not granted: you may not" in told.text
    assert "Only 1 of 2 are granted" in told.text
    assert told.text.count("az rest --method post") == 1


def test_who_may_not_even_look_gets_the_script(cloud: Cloud, grant: Grant) -> None:
    """Without a look at the directory nobody knows its ids."""
    cloud.sign_in()
    told = grant()
    assert told.code == 3
    assert "python infra/hooks/grant_graph_roles.py --principal-id" in told.text
    assert "az rest" not in told.text


def test_a_permission_that_this_cloud_lacks_is_said(cloud: Cloud, grant: Grant) -> None:
    """The others are granted."""
    del cloud.graph.directory.app_roles[ALERT]
    told = grant()
    assert told.code == 4
    assert f"{ALERT}   not offered by Graph in this cloud" in told.text
    assert "does not work in this cloud: reads alerts_v2." in told.text
    assert cloud.graph.directory.granted(PRINCIPAL) == {EVENTS}


def test_what_is_not_needed_any_more_is_named_and_stays(cloud: Cloud, grant: Grant) -> None:
    """Another program may need it: only a person takes it away, with the line that is printed."""
    cloud.graph.service_principals.grant(PRINCIPAL, [INCIDENT])
    told = grant()
    assert told.code == 0
    assert INCIDENT in cloud.graph.directory.granted(PRINCIPAL)
    assignment = cloud.graph.directory.assignments[0]["id"]
    assert f"{INCIDENT} is granted, but this app does not need it" in told.text
    assert f"az rest --method delete --url {cloud.env['GRAPH_URL']}/v1.0/servicePrincipals/" in told.text
    assert f"/{PRINCIPAL}/appRoleAssignments/{assignment} " in told.text


def test_roles_of_other_apps_are_nobodys_business(cloud: Cloud, grant: Grant) -> None:
    """An assignment of another resource's role is neither there nor unneeded."""
    cloud.graph.service_principals.grant(PRINCIPAL, [ALERT, INCIDENT])
    for assignment in cloud.graph.directory.assignments:
        assignment["resourceId"] = "another-resource"
    told = grant()
    assert cloud.graph.directory.granted(PRINCIPAL) == {ALERT, EVENTS}
    assert "does not need it" not in told.text


def test_a_dry_run_only_looks(cloud: Cloud, grant: Grant) -> None:
    """It says what would be granted."""
    told = grant("--dry-run")
    assert told.code == 0
    assert cloud.graph.directory.assignments == []
    assert told.text.count("not granted yet") == 2


def test_nobody_signed_in(cloud: Cloud, grant: Grant) -> None:
    """It says how to sign in, and what azd said."""
    cloud.sign_out()
    told = grant()
    assert told.code == 1
    assert f"azd auth login --tenant-id {TENANT}" in told.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sources", "alerts_v3"], "must be some of alerts_v2, incidents, alerts"),
        (["--principal-id", "me"], "must be a GUID"),
        (["--graph-base-url", "http://graph.microsoft.com"], "must be a URL like https://graph.microsoft.com"),
        (["--roles", "Directory.ReadWrite.All"], "must be some of SecurityAlert.Read.All"),
    ],
)
def test_wrong_usage_is_refused(
    cloud: Cloud, grant: Grant, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked anything, least of all for a permission that the app never needs."""
    with pytest.raises(SystemExit) as ended:
        grant(*arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err.replace("\n ", "")
    assert cloud.graph.directory.assignments == []


def test_graphs_own_service_principal_is_asked_for_by_its_application(cloud: Cloud, grant: Grant) -> None:
    """Its object id is another one in every tenant."""
    grant()
    assert {one["resourceId"] for one in cloud.graph.directory.assignments} == {GRAPH_OBJECT_ID}
