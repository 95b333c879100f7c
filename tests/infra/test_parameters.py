"""Parameters: described, bounded, and with the same defaults in Bicep, in azd's file and in the app."""

import json
import re
from typing import Any, Final

import pytest

from shared import settings
from shared.errors import SettingsError
from tests.infra.deployed import INFRA, SETS, TENANT, deployed, template

STORAGE: Final = "UseDevelopmentStorage=true"
REQUIRED: Final = {"TENANT_ID": TENANT, "EXPORT_STORAGE": STORAGE, "AzureWebJobsStorage": STORAGE}

RENAMED: Final = {
    "environmentName": "AZURE_ENV_NAME",
    "location": "AZURE_LOCATION",
    "alarmScoreDropPercent": "ALARM_SCORE_DROP",
}
"""Parameters whose variable has another name: two are azd's own, one says its unit to the template alone."""

MADE: Final = {"notificationClientState"}
"""Parameters that nobody is to give."""


def parameters() -> dict[str, dict[str, Any]]:
    """The parameters of the deployment, as Azure Resource Manager knows them."""
    found: dict[str, dict[str, Any]] = template()["parameters"]
    return found


def listed() -> dict[str, Any]:
    """The parameters in azd's file."""
    found: dict[str, Any] = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    return found


def variable(parameter: str) -> str:
    """The variable of azd's environment; for a setting of the app, the setting's name."""
    return RENAMED.get(parameter) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def text(parameter: str) -> str:
    """A parameter's default, as a variable of the environment would say it."""
    match parameters()[parameter].get("defaultValue"):
        case None:
            return ""
        case bool(value):
            return str(value).lower()
        case list(value):
            return json.dumps(value)
        case value:
            return str(value)


def test_every_parameter_is_described() -> None:
    """In the portal and in azd's questions there is nothing else to go by."""
    said = {name: each.get("metadata", {}).get("description", "") for name, each in parameters().items()}
    assert [name for name, words in said.items() if len(words) < 10] == []


def test_every_parameter_is_bounded() -> None:
    """A wrong value is told before anything is deployed."""
    bounds = {
        "int": ({"minValue", "maxValue"}, {"allowedValues"}),
        "string": ({"maxLength"}, {"allowedValues"}),
        "securestring": ({"minLength", "maxLength"},),
        "array": ({"maxLength"},),
        "bool": (set[str](),),
    }
    assert [
        name for name, each in parameters().items() if not any(wanted <= each.keys() for wanted in bounds[each["type"]])
    ] == []


def test_azd_is_told_every_parameter() -> None:
    """None is missing from azd's file and none is there that the template does not have."""
    assert listed().keys() == parameters().keys() - MADE


def test_azd_gives_the_same_defaults() -> None:
    """Each value is a variable of azd's environment, by default what the template says itself.

    A list has none: azd ends the expression at the first closing brace. Unset, the parameter is left out, and the
    template's default holds.
    """
    for name, each in listed().items():
        default = "" if parameters()[name]["type"] == "array" else text(name)
        wanted = f"{variable(name)}={default}" if default else variable(name)
        assert each == {"value": f"${{{wanted}}}"}
        assert "}" not in default


def settings_given() -> list[str]:
    """The parameters that are settings of the app."""
    return [name for name in listed() if variable(name) in set(settings.names()) - REQUIRED.keys()]


def test_the_app_has_the_same_defaults() -> None:
    """Setting what the template has as default changes nothing, by the app's own reader."""
    assert len(settings_given()) >= 15
    for name in settings_given():
        assert settings.load(REQUIRED | {variable(name): text(name)}) == settings.load(REQUIRED), name


def test_the_app_has_the_same_bounds() -> None:
    """The first and the last value are taken, their neighbours are not."""
    numbers = [name for name in settings_given() if parameters()[name]["type"] == "int"]
    assert len(numbers) >= 7
    for name in numbers:
        low, high = parameters()[name]["minValue"], parameters()[name]["maxValue"]
        for inside in (low, high):
            assert getattr(settings.load(REQUIRED | {variable(name): str(inside)}), variable(name).lower()) == inside
        for outside in (low - 1, high + 1):
            with pytest.raises(SettingsError, match=variable(name)):
                settings.load(REQUIRED | {variable(name): str(outside)})


def test_every_setting_that_may_be_chosen_is_a_parameter() -> None:
    """What is not one is decided by the deployment itself."""
    decided = {name for name in settings.names() if re.search(r"STORAGE|Storage|_CONTAINER$|_URL$|_CREDENTIAL$", name)}
    decided |= {"MANAGED_IDENTITY_CLIENT_ID", "NOTIFICATION_CLIENT_STATE"}
    assert set(settings.names()) - decided <= {variable(name) for name in parameters()}


def test_the_hooks_get_what_they_need() -> None:
    """The names of the outputs; azd puts them into the environment of the hooks."""
    assert sorted(deployed("defaults").outputs) == sorted(template()["outputs"])
    assert sorted(template()["outputs"]) == [
        *("AUTHORITY_HOST", "AZURE_RESOURCE_GROUP", "DATA_ACCOUNT_ID", "DATA_ACCOUNT_NAME", "DATA_BLOB_ENDPOINT"),
        *("FUNCTION_APP_ID", "FUNCTION_APP_NAME", "FUNCTION_APP_URL", "GRAPH_URL", "HOST_ACCOUNT_ID"),
        *("IDENTITY_CLIENT_ID", "IDENTITY_NAME", "IDENTITY_PRINCIPAL_ID", "KEY_VAULT_ID", "KEY_VAULT_NAME"),
        *("LOG_WORKSPACE_ID", "RESOURCE_MANAGER_URL", "SOURCES", "UPDATES_ON", "WEBHOOKS_ON"),
    ]
    chosen = deployed("everything").outputs
    assert (chosen["SOURCES"], chosen["GRAPH_URL"]) == ("alerts_v2, incidents,alerts", "https://dod-graph.microsoft.us")
    switched = {name: tuple(deployed(name).outputs[each] for each in ("WEBHOOKS_ON", "UPDATES_ON")) for name in SETS}
    on, off = "true", "false"
    assert switched == {"defaults": (on, off), "everything": (on, on), "private": (off, off), "evidence": (on, off)}
