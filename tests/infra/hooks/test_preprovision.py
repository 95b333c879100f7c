"""Wrong values of the azd environment are said before anything is made."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from infra.hooks import parameters, preprovision
from infra.hooks.parameters import APP_SETTINGS, BICEP_ALONE, notes, problems
from shared import settings

INFRA: Final = Path(parameters.__file__).parents[1]
TENANT: Final = "11111111-2222-4333-8444-555555555555"
OTHER: Final = "22222222-2222-4333-8444-555555555555"


def names(env: dict[str, str]) -> list[str]:
    """Which variables are found wrong."""
    return [line.partition(" ")[0] for line in problems(env)]


def test_nothing_set_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """There is a default for everything."""
    assert preprovision.main({}) == 0
    assert preprovision.main({"TENANTS": "", "WEBHOOKS": "", "ALARM_EMAIL": " "}) == 0
    assert "well-formed" in capsys.readouterr().out


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, with the fix; the value is never told."""
    wrong = {
        "TENANT_ID": "contoso",
        "EXPORT_OVERLAP_MINUTES": "1441",
        "SUBSCRIPTIONS": "[{'resource': 'x'}]",
        "ALERTS_SCHEDULE": "every five minutes",
        "WEBHOOKS": "yes",
        "READERS_GROUP_ID": "security-team",
        "ALARM_EMAIL": "soc(at)example",
    }
    assert preprovision.main(wrong) == 1
    told = capsys.readouterr().out
    assert "7 wrong or missing values" in told
    for name, value in wrong.items():
        assert re.search(rf"^  {name} must be .*Mend it: azd env set {name} <value>$", told, re.MULTILINE), name
        assert value not in told
    assert "app's settings" not in told


def test_one_is_said_in_the_singular(capsys: pytest.CaptureFixture[str]) -> None:
    """And what is missing beside it is said as well as what is wrong."""
    assert preprovision.main({"TENANT_ID": TENANT, "TENANTS": f"{TENANT},{OTHER}"}) == 1
    told = capsys.readouterr().out
    assert "1 wrong or missing value." in told
    assert "MULTITENANT_CLIENT_ID is missing." in told
    assert "azd env set MULTITENANT_CLIENT_ID <value>" in told


@pytest.mark.parametrize(
    ("env", "wrong"),
    [
        ({"TENANTS": OTHER}, []),
        ({"TENANTS": OTHER, "AZURE_TENANT_ID": TENANT}, ["MULTITENANT_CLIENT_ID"]),
        ({"TENANTS": f"{TENANT},{OTHER}"}, ["MULTITENANT_CLIENT_ID"]),
        ({"TENANTS": f"{TENANT},{OTHER}", "MULTITENANT_CLIENT_ID": OTHER}, []),
        ({"TENANTS": "blob:tenants.txt"}, []),
        ({"AZURE_TENANT_ID": "not yet known"}, []),
    ],
)
def test_the_home_tenant_is_the_subscriptions(env: dict[str, str], wrong: list[str]) -> None:
    """Where nobody sets TENANT_ID, what azd knows decides which tenants are others."""
    assert names(env) == wrong


def test_notes_stop_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A tenant that is not the subscription's, and webhooks that nothing is subscribed for."""
    env = {"TENANT_ID": TENANT, "AZURE_TENANT_ID": OTHER, "SUBSCRIPTIONS": "[]"}
    assert preprovision.main(env) == 0
    told = capsys.readouterr().out
    assert "TENANT_ID is not the tenant of the subscription" in told
    assert "azd env set WEBHOOKS false" in told
    assert list(notes(env | {"WEBHOOKS": "false", "TENANT_ID": OTHER.upper()})) == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("WEBHOOKS", ["true", "false"], ["True", "1", "yes"]),
        ("INSTANCE_MEMORY_MB", ["512", "2048", "4096"], ["1024", "2048MB"]),
        ("ALARM_EMAIL", ["soc@example.com", "a.b+c@mail.example.org"], ["soc@example", "a@b.c, d@e.f", "@b.c"]),
        ("READERS_GROUP_ID", [OTHER, OTHER.upper()], ["readers", "{" + OTHER + "}"]),
        ("GRAPH_BASE_URL", ["https://graph.microsoft.us"], ["graph.microsoft.us", "https://graph.microsoft.us/v1.0"]),
    ],
)
def test_forms(name: str, good: list[str], bad: list[str]) -> None:
    """What is neither a number nor one of the app's other forms."""
    assert [value for value in good if names({name: value})] == []
    assert [value for value in bad if not names({name: value})] == []


def declared() -> dict[str, dict[str, Any]]:
    """By azd variable: the decorators of its Bicep parameter, read as text since what it says is what counts."""
    pattern = r"((?:^@.*\n(?: .*\n|\)\n)*)*)^param (\w+) "
    text = (INFRA / "main.bicep").read_text(encoding="utf-8")
    decorators = {name: found for found, name in re.findall(pattern, text, re.MULTILINE)}
    wired = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    known = {}
    for parameter, entry in wired.items():
        variable = re.fullmatch(r"\$\{(\w+)(?:=.*)?\}", entry["value"])
        assert variable, f"{parameter} is not one variable of azd"
        found = decorators[parameter]
        bounds = {kind: int(value) for kind, value in re.findall(r"@(minValue|maxValue)\((\d+)\)", found)}
        allowed = re.search(r"@allowed\(\[(.*?)\]\)", found, re.DOTALL)
        choices = re.findall(r"[\w.]+", allowed[1]) if allowed else None
        known[variable[1]] = {**bounds, "allowed": choices}
    return known


def test_every_variable_is_checked() -> None:
    """What Bicep takes from azd is checked here, and nothing that it does not take."""
    assert {*APP_SETTINGS, *BICEP_ALONE} == set(declared()) - {"AZURE_ENV_NAME", "AZURE_LOCATION"}
    assert not {*APP_SETTINGS} & {*BICEP_ALONE}
    assert {*APP_SETTINGS} <= set(settings.names())


def test_the_bounds_are_bicep_s() -> None:
    """A value passes here if, and only if, Bicep takes it."""
    bounded = {name: spec for name, spec in declared().items() if "minValue" in spec}
    assert len(bounded) > 10
    for name, spec in bounded.items():
        low, high = spec["minValue"], spec["maxValue"]
        found = {value: bool(names({name: str(value)})) for value in (low - 1, low, high, high + 1)}
        assert found == {low - 1: True, low: False, high: False, high + 1: True}, name


def test_the_choices_are_bicep_s() -> None:
    """The same for what has but some values."""
    choices = {name: spec["allowed"] for name, spec in declared().items() if spec["allowed"]}
    assert choices
    assert [value for name, values in choices.items() for value in values if names({name: value})] == []
    for name, values in choices.items():
        words = BICEP_ALONE[name].words
        assert set(re.split(r", | or ", words)) == set(values)


def test_what_is_wrong_stands_in_one_order() -> None:
    """The app's settings first, each variable once."""
    env = dict.fromkeys(chain(APP_SETTINGS, BICEP_ALONE), "\N{SNOWMAN}")
    found = names(env)
    assert len(found) == len(set(found)) == len(env)
