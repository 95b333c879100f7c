"""After the code is deployed: functions are found, Graph gets its URLs, exports begin, status is shown."""

from urllib.parse import parse_qs, urlsplit

import pytest

from infra.hooks import postdeploy
from tests.fakes.clock import FakeClock
from tests.infra.hooks.arm_standin import PENDING, SITE, VAULT
from tests.infra.hooks.cloud import FUNCTIONS, Cloud
from tests.infra.hooks.conftest import Run, Told

STARTED = ["export_alerts", "export_secure_scores", "maintain_subscriptions"]
DENIED = ("AccessToKeyVaultDenied", "Key Vault reference was not able to be resolved because access was denied.")


class Deployed:
    """The hook."""

    def __init__(self, cloud: Cloud, clock: FakeClock, run: Run) -> None:
        self._cloud = cloud
        self._clock = clock
        self._run = run

    def __call__(self) -> Told:
        return self._run(lambda: postdeploy.main(self._cloud.env, self._clock))


@pytest.fixture
def deployed(cloud: Cloud, clock: FakeClock, run: Run) -> Deployed:
    """Runs the hook with the azd environment."""
    return Deployed(cloud, clock, run)


def test_a_first_deployment_ends_with_exports_and_subscriptions(cloud: Cloud, deployed: Deployed) -> None:
    """The app knows its URL by then, and each source and subscription is told in a line."""
    told = deployed()
    assert told.code == 0
    assert cloud.arm.started == STARTED
    assert "alerts_v2                  ok       1,234 records, complete until 2026-11-23T12:" in told.text
    assert "security/alerts_v2 (created,updated): alive  until 2099-" in told.text
    assert "Status: healthy" in told.text


def test_graph_gets_a_key_of_its_own(cloud: Cloud, deployed: Deployed) -> None:
    """One for each function, percent-encoded in a URL of that function; no other key is touched, least a host key."""
    before = {name: dict(keys) for name, keys in cloud.arm.keys.items()}
    deployed()
    for function, setting in (("notifications", "NOTIFICATION_URL"), ("lifecycle", "LIFECYCLE_URL")):
        url = urlsplit(cloud.arm.setting(setting))
        key = cloud.arm.keys[function].pop("graph")
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{cloud.env['FUNCTION_APP_URL']}/api/{function}"
        assert parse_qs(url.query) == {"code": [key]}
    assert cloud.arm.keys == before
    assert not any("/host/" in asked for asked in cloud.arm.asked)


def test_the_app_reads_the_new_url(cloud: Cloud, deployed: Deployed) -> None:
    """References are renewed after the vault is written, and the app is started anew after that."""
    assert cloud.app.notification_url is None
    deployed()
    assert cloud.app.notification_url == cloud.arm.secrets["notification-url"].values[-1]
    assert cloud.arm.writes().index(f"POST {SITE}/config/configreferences/appsettings/refresh") > max(
        cloud.arm.writes().index(f"PUT {VAULT}/secrets/{name}") for name in ("notification-url", "lifecycle-url")
    )


def test_an_app_that_restarts_slowly_is_waited_for(cloud: Cloud, deployed: Deployed) -> None:
    """Whoever looks after subscriptions before the app knows its URL makes none."""
    cloud.app.restart_takes = 6
    told = deployed()
    assert told.code == 0
    assert "Waiting until the app has its new settings, for 5 minutes at most." in told.text
    assert "(created,updated): alive" in told.text


def test_one_sign_in_serves_all_requests(cloud: Cloud, deployed: Deployed) -> None:
    """Each token costs a process, and seconds on a slow machine."""
    deployed()
    assert cloud.sign_ins() == 1


def test_a_second_run_changes_nothing(cloud: Cloud, deployed: Deployed) -> None:
    """No key, no secret, no restart: only exports and subscriptions are asked for once more."""
    deployed()
    cloud.arm.asked.clear()
    keys = {name: dict(of) for name, of in cloud.arm.keys.items()}
    told = deployed()
    assert told.code == 0
    assert cloud.arm.keys == keys
    assert {name: len(secret.values) for name, secret in cloud.arm.secrets.items()} == {
        "notification-client-state": 1,
        "notification-url": 2,
        "lifecycle-url": 2,
    }
    assert [asked.removeprefix(f"POST {SITE}/") for asked in cloud.arm.writes()] == [
        "config/configreferences/appsettings/refresh",
        *(f"hostruntime/admin/functions/{name}" for name in STARTED),
    ]
    assert cloud.app.restarts == 1
    assert "NOTIFICATION_URL: in the vault already (secret notification-url)." in told.text


def test_a_key_that_was_made_anew_reaches_the_vault(cloud: Cloud, deployed: Deployed) -> None:
    """Whoever rotates Graph's key runs the hook again."""
    deployed()
    cloud.arm.keys["notifications"]["graph"] = "another/key=="
    assert deployed().code == 0
    assert cloud.app.notification_url
    assert parse_qs(urlsplit(cloud.app.notification_url).query) == {"code": ["another/key=="]}
    assert len(cloud.arm.secrets["lifecycle-url"].values) == 2


def test_a_value_that_somebody_else_wrote_is_replaced(cloud: Cloud, deployed: Deployed) -> None:
    """Its version carries no digest: Resource Manager shows no value, so it counts as another one."""
    deployed()
    cloud.arm.write_secret("notification-url", PENDING)
    assert deployed().code == 0
    assert cloud.arm.secrets["notification-url"].values[-1].startswith("http")


def test_a_new_client_state_reaches_the_app(cloud: Cloud, deployed: Deployed) -> None:
    """Rotation is done in the vault; the hook has the app read it at once instead of within a day."""
    deployed()
    cloud.arm.write_secret("notification-client-state", "new-state,old-state")
    told = deployed()
    assert told.code == 0
    assert cloud.app.client_states == ("new-state", "old-state")
    assert cloud.app.restarts == 2
    assert len(cloud.arm.secrets["notification-url"].values) == 2


def test_functions_are_waited_for(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """The host needs a while to find them."""
    cloud.arm.indexed_after = 4
    told = deployed()
    assert told.code == 0
    assert clock.monotonic() >= 40
    assert told.text.count("Waiting until the functions show up.") == 1
    assert f"The app has {len(FUNCTIONS)} functions." in told.text


def test_no_functions_is_an_error_with_advice(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """After five minutes; nothing else is done, since nothing would answer."""
    cloud.arm.functions = []
    told = deployed()
    assert told.code == 1
    assert "the app shows 0 functions" in told.text
    assert "Python than 3.13" in told.text
    assert "Application Insights" in told.text
    assert 290 <= clock.monotonic() <= 300
    assert cloud.arm.writes() == []


def test_functions_that_are_missing_are_named(cloud: Cloud, deployed: Deployed) -> None:
    """Half an app is none."""
    cloud.arm.functions = [name for name in FUNCTIONS if name not in ("lifecycle", "status")]
    told = deployed()
    assert told.code == 1
    assert "lacks functions: lifecycle, status." in told.text


def test_a_host_that_restarts_is_waited_for(cloud: Cloud, deployed: Deployed) -> None:
    """Resource Manager calls it a bad request."""
    cloud.arm.host_is_down_for = 3
    assert deployed().code == 0


def test_resource_manager_is_waited_for_as_it_asks(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """429 with Retry-After; its date form, too."""
    cloud.arm.script = [(429, {"Retry-After": "7"}), (503, {"Retry-After": "Mon, 23 Nov 2026 12:00:20 GMT"})]
    assert deployed().code == 0
    assert 20 <= clock.monotonic() < 40


def test_who_may_not_deploy_is_told_what_was_refused(cloud: Cloud, deployed: Deployed) -> None:
    """In Resource Manager's own words."""
    cloud.arm.allowed = False
    told = deployed()
    assert told.code == 1
    assert "403 AuthorizationFailed" in told.text
    assert f"{SITE}/functions" in told.text


def test_references_are_waited_for(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """A new role takes minutes to spread to the vault."""
    cloud.arm.reference_statuses = {"NOTIFICATION_URL": [DENIED] * 5, "NOTIFICATION_CLIENT_STATE": [DENIED] * 2}
    told = deployed()
    assert told.code == 0
    assert clock.monotonic() >= 20
    assert "references to the vault are resolved" in told.text


@pytest.mark.parametrize("setting", ["NOTIFICATION_CLIENT_STATE", "NOTIFICATION_URL", "LIFECYCLE_URL"])
def test_a_reference_that_does_not_resolve_is_named(cloud: Cloud, deployed: Deployed, setting: str) -> None:
    """With its status, its details and what to do; exports go on, and the exit code is 1."""
    cloud.arm.reference_statuses = {setting: [DENIED] * 1000}
    told = deployed()
    assert told.code == 1
    assert f"  {setting}: AccessToKeyVaultDenied: {DENIED[1]} What to do: the identity needs the role" in told.text
    assert cloud.arm.started == STARTED[:2]
    assert "azd hooks run postdeploy" in told.text
    assert "alerts_v2                  ok" in told.text


def test_a_reference_that_holds_the_old_version_is_not_resolved(cloud: Cloud, deployed: Deployed) -> None:
    """Resolved it is, but to the text that the deployment left in the secret."""
    cloud.arm.fetched = Stuck(cloud.arm.fetched)
    told = deployed()
    assert told.code == 1
    assert "NOTIFICATION_URL: it still holds an older version of the secret" in told.text


class Stuck(dict[str, int]):
    """App Service keeps what it fetched."""

    def __setitem__(self, name: str, version: int) -> None:
        pass


def test_where_versions_are_not_told_resolved_is_enough(cloud: Cloud, deployed: Deployed) -> None:
    """An App Service that does not tell activeVersion is no reason to wait, but one to restart: it may be new."""
    cloud.arm.tells_active_version = False
    assert (deployed().code, deployed().code) == (0, 0)
    assert cloud.app.restarts == 2


def test_without_webhooks_no_key_is_made(cloud: Cloud, deployed: Deployed) -> None:
    """And no secret touched, nothing subscribed."""
    cloud.env["WEBHOOKS_ON"] = "false"
    del cloud.env["KEY_VAULT_ID"]
    told = deployed()
    assert told.code == 0
    assert cloud.arm.started == STARTED[:2]
    assert not any("graph" in keys for keys in cloud.arm.keys.values())
    assert "Subscriptions of tenant" not in told.text


def test_exports_are_waited_for(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """Until each source was tried."""
    cloud.env["WEBHOOKS_ON"] = "false"
    cloud.app.works_after = 5
    told = deployed()
    assert told.code == 0
    assert clock.monotonic() >= 50
    assert told.text.count("Waiting until exports were tried, for 5 minutes at most.") == 1
    assert "  waiting  " not in told.text


def test_exports_are_not_waited_for_without_end(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """A long first catch-up goes on by itself."""
    cloud.app.works_after = 1000
    told = deployed()
    assert told.code == 0
    assert clock.monotonic() <= 330
    assert "alerts_v2                  waiting  nothing was exported yet" in told.text
    assert "go on by themselves" in told.text


def test_missing_permissions_are_told_and_no_failure(cloud: Cloud, deployed: Deployed) -> None:
    """Each source says what it lacks; who may grant it is one command away."""
    cloud.app.missing = {"SecurityEvents.Read.All"}
    told = deployed()
    assert told.code == 0
    assert "Status: not healthy (yet)" in told.text
    assert "secureScores               failing  tenant" in told.text
    assert "Grant the application permission SecurityEvents.Read.All" in told.text
    assert "azd hooks run postprovision" in told.text


def test_a_failure_of_before_is_not_taken_for_this_run_s(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """Whoever granted the permission meanwhile sees what becomes of it now."""
    cloud.env["WEBHOOKS_ON"] = "false"
    cloud.app.missing = {"SecurityEvents.Read.All"}
    cloud.app.do("export_alerts", "export_secure_scores")
    clock.advance(3600)
    cloud.app.missing = set()
    cloud.app.works_after = 3
    told = deployed()
    assert "failing" not in told.text
    assert "secureScores               ok" in told.text


def test_subscriptions_of_before_are_not_taken_for_this_run_s(
    cloud: Cloud, clock: FakeClock, deployed: Deployed
) -> None:
    """A refusal may be over."""
    cloud.app.refusal = "Resource is not supported for subscriptions."
    deployed()
    clock.advance(3600)
    cloud.app.refusal = ""
    cloud.app.works_after = 3
    assert "refused" not in deployed().text


def test_refused_subscriptions_are_told_with_what_they_cost(cloud: Cloud, deployed: Deployed) -> None:
    """In Graph's words, and how to save the instances; no failure, since polling exports everything."""
    cloud.app.refusal = "Resource 'security/alerts_v2' is not supported for subscriptions."
    told = deployed()
    assert told.code == 0
    assert f"security/alerts_v2 (created,updated): refused  {cloud.app.refusal}" in told.text
    assert "azd env set WEBHOOKS false" in told.text


def test_a_status_that_does_not_answer_at_first_is_asked_again(cloud: Cloud, deployed: Deployed) -> None:
    """The app was just restarted."""
    cloud.app.answers = [503, 502, 404]
    told = deployed()
    assert told.code == 0
    assert "Status: healthy" in told.text


def test_a_status_that_never_answers_is_an_error(cloud: Cloud, clock: FakeClock, deployed: Deployed) -> None:
    """The app is there, and does not run."""
    cloud.app.answers = [503] * 1000
    told = deployed()
    assert told.code == 1
    assert "it answers 503" in told.text
    assert clock.monotonic() <= 310


def test_wrong_settings_are_told_as_the_app_tells_them(cloud: Cloud, deployed: Deployed) -> None:
    """Somebody changed one by hand."""
    cloud.app.wrong_settings = "Wrong settings:\nEXPORT_CONCURRENCY must be a whole number from 1 to 16."
    told = deployed()
    assert told.code == 1
    assert "EXPORT_CONCURRENCY must be a whole number from 1 to 16." in told.text


def test_a_function_that_cannot_be_started_waits_for_its_timer(cloud: Cloud, deployed: Deployed) -> None:
    """The others are started all the same."""
    cloud.arm.unknown_to_host = {"export_alerts"}
    told = deployed()
    assert told.code == 0
    assert "export_alerts could not be started now; its timer does it." in told.text
    assert cloud.arm.started == STARTED[1:]


def test_a_restart_that_is_refused_stops_nothing(cloud: Cloud, deployed: Deployed) -> None:
    """New instances read the new settings; that the app has not yet is said."""
    cloud.arm.restart_is_refused = True
    told = deployed()
    assert told.code == 0
    assert "The app could not be restarted" in told.text
    assert "The app has not read its new settings yet." in told.text
    assert cloud.arm.started == STARTED


def test_outputs_that_are_missing_are_all_named(cloud: Cloud, deployed: Deployed) -> None:
    """The vault only where webhooks are on."""
    cloud.env = {name: value for name, value in cloud.env.items() if name not in ("FUNCTION_APP_ID", "KEY_VAULT_ID")}
    assert "lacks FUNCTION_APP_ID, KEY_VAULT_ID." in deployed().text
    cloud.env["WEBHOOKS_ON"] = "false"
    assert "lacks FUNCTION_APP_ID." in deployed().text
