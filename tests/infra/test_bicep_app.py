"""What is deployed fits the app: its settings, functions, queues and containers are the app's own."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Final

import pytest

from shared import settings, wiring
from shared.setting_forms import Endpoint
from shared.settings import Settings
from tests.infra.deployed import ROOT, SETS, TENANT, deployed

STORAGE: Final = "Microsoft.Storage/storageAccounts"

LOCAL: Final = {"EXPORT_STORAGE", "AzureWebJobsStorage"}
"""The connection strings of a developer's machine; they would hold keys."""

PLATFORM: Final = {
    "AzureWebJobsStorage__blobServiceUri": "the host's packages, keys and leases",
    "AzureWebJobsStorage__clientId": "the host's identity",
    "AzureWebJobsStorage__credential": "the host's identity",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "logs are sent as the identity",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "where logs are sent",
    "AZURE_AUTHORITY_HOST": "azure-identity's own: the cloud's sign-in",
    "AzureWebJobs.update_security_resource.Disabled": "switches a function off",
    "PYTHON_THREADPOOL_THREAD_COUNT": "the Python worker's own",
}
"""Settings that the app itself does not read, and who does."""

REFUSED: Final = re.compile(
    r"FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_MAX_HTTP_CONCURRENCY"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_.*|TZ|AZURE_CLIENT_ID"
)
"""What Flex Consumption refuses or has replaced (learn.microsoft.com/azure/azure-functions/functions-app-settings
#flex-consumption-plan-deprecations), and the variable that the scale controller does not read."""


@pytest.mark.parametrize("name", SETS)
def test_every_setting_that_the_app_reads_is_set(name: str) -> None:
    """None is left to a default in code, so that the portal shows what is in force."""
    assert set(settings.names()) - LOCAL - deployed(name).settings.keys() == set()


@pytest.mark.parametrize("name", SETS)
def test_every_setting_is_read(name: str) -> None:
    """By the app, or by the platform as the one list here says."""
    assert deployed(name).settings.keys() - set(settings.names()) == PLATFORM.keys()
    assert not LOCAL & deployed(name).settings.keys()


@pytest.mark.parametrize("name", SETS)
def test_nothing_that_flex_consumption_refuses_is_set(name: str) -> None:
    """Neither among the settings nor among the properties of the site: it would fail the deployment."""
    site = deployed(name).site.properties
    assert [each for each in deployed(name).settings if REFUSED.fullmatch(each)] == []
    refused = {"alwaysOn", "ftpsState", "linuxFxVersion", "vnetRouteAllEnabled"}
    assert not refused & (site.keys() | site["siteConfig"].keys())


def resolved(found: Mapping[str, str]) -> dict[str, str]:
    """Settings as the app gets them in the public cloud, before the hook has written secrets; ids are made up."""
    values = {}
    for name, text in found.items():
        if re.fullmatch(r"\[reference\('[^']+', '[^']+'\)\.clientId\]", text):
            values[name] = TENANT
        elif uri := re.fullmatch(r"\[format\('https://\{0\}\.(\w+)\.\{1\}', '(\w+)', environment\(\).*\)\]", text):
            values[name] = f"https://{uri[2]}.{uri[1]}.core.windows.net"
        elif text.startswith("[format('@Microsoft.KeyVault(SecretUri="):
            values[name] = "@Microsoft.KeyVault(pending: the postdeploy hook writes it)"
        elif text.startswith("[createObject('AzureCloud', "):
            values[name] = text.split("'")[3]
        else:
            values[name] = text
    return values


@cache
def loaded(name: str) -> Settings:
    """The settings as the app reads them."""
    return settings.load(resolved(deployed(name).settings))


@pytest.mark.parametrize("name", SETS)
def test_the_app_takes_its_settings(name: str) -> None:
    """The app's own reader finds nothing wrong, and nothing missing but the secrets that a hook is to write."""
    data, host = deployed(name).one(STORAGE, "stdata").name, deployed(name).one(STORAGE, "sthost").name
    assert loaded(name).export_storage == Endpoint(f"https://{data}.blob.core.windows.net")
    assert loaded(name).queue_storage == Endpoint(f"https://{host}.queue.core.windows.net")
    secrets = {"NOTIFICATION_CLIENT_STATE", "NOTIFICATION_URL", "LIFECYCLE_URL"}
    assert loaded(name).unresolved == (set() if name == "private" else secrets)


def test_chosen_values_arrive() -> None:
    """What the operator chooses is what the app reads; what is not chosen is the app's default."""
    default, chosen = loaded("defaults"), loaded("everything")
    assert default.tenant_id == TENANT
    assert default.graph_base_url == "https://graph.microsoft.com"
    assert chosen.tenant_id == "11111111-1111-4111-8111-aaaaaaaaaaaa"
    assert chosen.tenants == ("11111111-1111-4111-8111-aaaaaaaaaaaa", "22222222-2222-4222-8222-222222222222")
    assert chosen.graph_base_url == "https://dod-graph.microsoft.us"
    assert chosen.export_sources == ("alerts_v2", "incidents", "alerts")
    [subscription] = chosen.subscriptions
    assert subscription.resource == "security/alerts?$filter=vendorInformation/provider eq 'IPC'"
    numbers = ("graph_requests_per_minute", "export_lookback_days", "export_overlap_minutes", "export_concurrency")
    more = ("bell_interval_seconds", "reconcile_days", "run_budget_seconds")
    assert [getattr(chosen, each) for each in (*numbers, *more)] == [300, 90, 120, 8, 30, 7, 300]
    schedules = [each for each in settings.names() if each.endswith("_SCHEDULE")]
    assert len(schedules) == 6
    for schedule in schedules:
        assert getattr(chosen, schedule.lower()) != getattr(default, schedule.lower())
        assert deployed("defaults").settings[schedule] == getattr(default, schedule.lower())


@cache
def indexed() -> dict[str, dict[str, str]]:
    """The app's functions and their triggers, from a process of its own: they can be asked for once only."""
    code = """
import json, function_app
triggers = {f.get_function_name(): f.get_trigger().get_dict_repr() for f in function_app.app.get_functions()}
print(json.dumps(triggers, default=lambda member: member.value))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    functions: dict[str, dict[str, str]] = json.loads(done.stdout)
    return functions


@pytest.mark.parametrize("name", SETS)
def test_functions_that_are_named_exist(name: str) -> None:
    """A group that is always ready, and a function that is switched off, is one of the app's."""
    scale = deployed(name).site.properties["functionAppConfig"]["scaleAndConcurrency"]
    groups = {each["name"] for each in scale["alwaysReady"]} - {"http"}
    ready = {each.removeprefix("function:") for each in groups if each.startswith("function:")}
    assert len(ready) == len(groups)
    assert {indexed()[function]["type"] for function in ready} <= {"queueTrigger"}
    switched = {
        found[1] for each in deployed(name).settings if (found := re.fullmatch(r"AzureWebJobs\.(\w+)\.Disabled", each))
    }
    assert switched <= indexed().keys()


@pytest.mark.parametrize("name", SETS)
def test_every_schedule_that_a_timer_asks_for_is_set(name: str) -> None:
    """The host fills %NAME% from the app settings; without one it does not index the function."""
    asked = {trigger["schedule"].strip("%") for trigger in indexed().values() if "schedule" in trigger}
    assert len(asked) >= 3
    assert all(deployed(name).settings[each] for each in asked)


@pytest.mark.parametrize("name", SETS)
def test_queues_are_the_apps(name: str) -> None:
    """All queues that triggers and the app name, the poison queues too, and no other."""
    queues = {each.name for each in deployed(name).of(f"{STORAGE}/queueServices/queues")}
    host = deployed(name).one(STORAGE, "sthost").name
    assert queues == {f"{host}/default/{queue}" for queue in wiring.QUEUES}
    triggers = {trigger["queueName"] for trigger in indexed().values() if "queueName" in trigger}
    assert triggers <= set(wiring.QUEUES)


@pytest.mark.parametrize("name", SETS)
def test_containers_are_the_apps(name: str) -> None:
    """Its three in the account for data, by the app's own names for them, and the package's in the host's."""
    names = {Settings.export_container, Settings.state_container, Settings.views_container}
    read = loaded(name)
    assert {read.export_container, read.state_container, read.views_container} == names
    site = deployed(name).site.properties["functionAppConfig"]["deployment"]["storage"]
    host, data = deployed(name).one(STORAGE, "sthost").name, deployed(name).one(STORAGE, "stdata").name
    assert {each.name for each in deployed(name).of(f"{STORAGE}/blobServices/containers")} == {
        f"{host}/default/app-package",
        *(f"{data}/default/{each}" for each in names),
    }
    assert (site["type"], site["value"]) == (
        "blobContainer",
        f"[format('https://{{0}}.blob.{{1}}/{{2}}', '{host}', environment().suffixes.storage, 'app-package')]",
    )


@pytest.mark.parametrize("name", SETS)
def test_it_runs_on_the_python_that_it_is_tested_with(name: str) -> None:
    """On Flex Consumption, with the version of this repository."""
    version = (ROOT / ".python-version").read_text().strip()
    runtime = deployed(name).site.properties["functionAppConfig"]["runtime"]
    assert runtime == {"name": "python", "version": ".".join(version.split(".")[:2])}
    plan = deployed(name).one("Microsoft.Web/serverfarms")
    assert plan.whole["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert deployed(name).site.properties["serverFarmId"] == plan.id
