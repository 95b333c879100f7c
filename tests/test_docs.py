"""The documents say what is true: their tables, paths and commands, their examples, and their queries."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import duckdb
import msgspec
import pytest

from local.simulator.faults import SubscriptionFaults
from local.simulator.products import PRODUCTS
from local.simulator.subscriptions.resources import read_scope
from shared import instants, settings, status, status_reading, wiring
from shared.errors import SettingsError
from shared.events import FIELDS, Event, emit
from shared.export import names, requests
from shared.export.checkpoint import Checkpoint
from shared.graph.sources import SOURCES
from shared.resources import asked, audit
from shared.resources.audit import Audit
from shared.resources.outcome import Done
from shared.resources.rules import UPDATABLE
from shared.setting_forms import Endpoint
from shared.settings import GraphCredential, Settings, load
from shared.status import OfTenant
from shared.subscriptions import health, plan
from shared.subscriptions import state as subscribed
from shared.subscriptions.plan import Wanted
from shared.subscriptions.state import Memory, Subscribed
from shared.verify import findings
from shared.views import latest_progress
from shared.views import names as views
from shared.views.latest_progress import Progress, Stretch
from shared.views.latest_rows import COLUMNS
from shared.webhooks import messages
from shared.webhooks import notifications as webhook
from tests.export.world import World
from tests.resources.updated import Updated
from tests.simulated import TENANT
from tests.views.viewed import Viewed, alert, newest

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
}
README: Final = PAGES["README.md"]
DEPLOY: Final = PAGES["docs/deploy.md"]
OPERATIONS: Final = PAGES["docs/operations.md"]
HOW_IT_WORKS: Final = PAGES["docs/how-it-works.md"]

ALERT: Final = "da637551227677560813_-961444813"
"""The alert that the README's query asks for."""

STORAGE: Final = "UseDevelopmentStorage=true"
REQUIRED: Final = {"TENANT_ID": TENANT, "EXPORT_STORAGE": STORAGE, "AzureWebJobsStorage": STORAGE}


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of all tables whose first column is headed so."""
    found: list[list[str]] = []
    for table in re.findall(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.MULTILINE):
        found += ([cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines())
    assert found, f"no table of {heading}"
    return found


def words(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next."""
    [_, after] = re.split(rf"^#+ {heading}$", page, maxsplit=1, flags=re.MULTILINE)
    return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]


def blocks(page: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


# Tables


def test_the_settings_tables_name_every_setting_once() -> None:
    """Neither a setting without a word nor a word without a setting."""
    assert sorted(words(name)[0] for name, *_ in rows(README, "setting")) == sorted(settings.names())


@pytest.mark.parametrize(("name", "default"), [(words(row[0])[0], row[1]) for row in rows(README, "setting")])
def test_a_default_in_the_table_is_the_default(name: str, default: str) -> None:
    """Setting what the table gives as default changes nothing, by the app's own reader."""
    env = {key: value for key, value in REQUIRED.items() if key.partition("__")[0] != name.partition("__")[0]}
    match default:
        case "required" | "one of the two":
            with pytest.raises(SettingsError, match=name):
                load(env)
            value = "https://account.core.windows.net" if "__" in name else REQUIRED[name]
            assert isinstance(load(env | {name: value}), Settings)
        case "none":
            assert getattr(load(env), name.lower()) in (None, ())
        case "`TENANT_ID`":
            assert load(env).tenants == (TENANT,) == load(env | {name: TENANT}).tenants
        case _:
            assert load(env | {name: words(default)[0]}) == load(env)


BOUNDS: Final = [
    (words(row[0])[0], *map(int, found.groups()))
    for row in rows(README, "setting")
    if (found := re.search(r"; (\d+) to (\d+)\b", row[2]))
]


@pytest.mark.parametrize(("name", "low", "high"), BOUNDS)
def test_bounds_in_the_table_are_the_bounds(name: str, low: int, high: int) -> None:
    """The first and the last value are taken, their neighbours are not."""
    for inside in (low, high):
        assert getattr(load(REQUIRED | {name: str(inside)}), name.lower()) == inside
    for outside in (low - 1, high + 1):
        with pytest.raises(SettingsError, match=name):
            load(REQUIRED | {name: str(outside)})


def test_every_function_is_in_the_table_with_its_trigger() -> None:
    """The table is what the app indexes to."""
    code = """
import json, function_app
triggers = {f.get_function_name(): f.get_trigger().get_dict_repr() for f in function_app.app.get_functions()}
print(json.dumps(triggers, default=lambda member: member.value))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    indexed = json.loads(done.stdout)
    told = {words(name)[0]: words(trigger)[0] for name, trigger, _ in rows(README, "function")}
    assert told == {name: _trigger(binding) for name, binding in indexed.items()}


def _trigger(binding: dict[str, Any]) -> str:
    match binding:
        case {"type": "timerTrigger", "schedule": str(schedule)}:
            return schedule.strip("%")
        case {"type": "queueTrigger", "queueName": str(queue)}:
            return queue
        case {"type": "httpTrigger", "route": str(route), "methods": [method]}:
            return f"{method} /api/{route}"
        case _:
            pytest.fail(f"a trigger of a new kind: {binding}")


def test_every_source_is_in_the_table_with_its_permission() -> None:
    """Whoever grants what the table says can read every source."""
    told = {words(name)[0]: words(permission)[0] for name, _, permission in rows(README, "source")}
    assert told == {source.name: source.permission for source in SOURCES.values()}


def test_products_are_called_as_graph_calls_them() -> None:
    """The names in the table are members of Graph's enum, as the simulator has them."""
    told = [words(row[1])[0] for row in rows(README, "product")]
    assert len(told) == len(set(told)) == 8
    assert set(told) <= {product.service_source for product in PRODUCTS}


def test_every_product_that_can_be_subscribed_to_is_in_the_ready_setting() -> None:
    """One entry for each ``yes`` of the table, none for the others, and Graph takes each."""
    text = section(README, "Switch them on")
    [ready] = blocks(text, "json")
    wanted = load(REQUIRED | {"SUBSCRIPTIONS": ready}).subscriptions
    table = {row[0]: (words(row[1])[0], row[2], row[5].rstrip(" ²")) for row in rows(README, "product")}
    can = {source: words(provider)[0] for source, provider, subscribe in table.values() if subscribe == "yes"}
    assert {one.resource for one in wanted} == {
        f"security/alerts?$filter=vendorInformation/provider eq '{provider}'" for provider in can.values()
    }
    assert len(wanted) == len(can) == 5
    for one in wanted:
        scope = read_scope(one.resource, frozenset(one.change_type.split(",")), SubscriptionFaults())
        assert scope.source.name == "alerts"
        assert all(role in text for role in scope.roles)
    offered = {each.service_source: each.subscribable for each in PRODUCTS}
    told = {source: subscribe for source, _, subscribe in table.values() if subscribe != "unknown"}
    assert told == {source: "yes" if offered[source] else "no" for source in told}


def test_every_event_is_in_the_table_with_its_level(caplog: pytest.LogCaptureFixture) -> None:
    """Alarms are built from the table."""
    caplog.set_level(logging.INFO)
    for event in Event:
        emit(event, **dict.fromkeys(FIELDS[event]))
    levels = {json.loads(record.getMessage())["event"]: record.levelname.lower() for record in caplog.records}
    assert {words(name)[0]: level for name, level, _ in rows(README, "event")} == levels


def test_every_choice_of_the_deployment_is_in_the_table_with_its_default() -> None:
    """What is not an app setting, under whose name it is told already."""
    text = (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")
    values = [each["value"] for each in json.loads(text)["parameters"].values()]
    known = {name: default for value in values for name, _, default in [value[2:-1].partition("=")]}
    told = {words(name)[0]: (words(default) or [""])[0] for name, default, _ in rows(DEPLOY, "name")}
    azds = {"AZURE_ENV_NAME", "AZURE_LOCATION"}
    assert told == {name: default for name, default in known.items() if name not in azds | set(settings.names())}


def test_every_alarm_is_in_the_table_with_its_severity() -> None:
    """Whoever is woken looks there."""
    text = (ROOT / "infra" / "modules" / "alarms.bicep").read_text(encoding="utf-8")
    rules = dict(re.findall(r"title: '(.+)'\n +severity: (\d)", text))
    assert len(rules) == text.count("severity: ") - 1  # the rule's own
    assert {title: severity for title, severity, _ in rows(OPERATIONS, "alarm")} == rules


def test_every_state_is_in_the_table() -> None:
    """Status says nothing that the operator cannot look up."""
    assert [words(name)[0] for name, *_ in rows(README, "state")] == list(status.State)


def test_every_state_of_a_subscription_is_in_the_table() -> None:
    """All that a memory can lead to, and which of them are alarms."""
    wanted, now = Wanted("security/alerts_v2", "updated"), instants.from_text("2026-11-23T12:00:00Z")
    times = ("", "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z")
    memories = [Memory()] + [
        Memory(
            subscriptions=[
                Subscribed(
                    resource=wanted.resource,
                    change_type=wanted.change_type,
                    id=id_,
                    expires=ends,
                    made=made,
                    refused=no,
                )
            ]
        )
        for id_, ends, made, no in product(("", "x"), times, times[:2], times[:2])
    ]
    found: dict[str, set[bool]] = {}
    for memory in memories:
        healthy, shown = health.report(memory, [wanted], None, [], now)
        [one] = msgspec.convert(shown["subscriptions"], list[dict[str, Any]])
        found.setdefault(one["state"], set()).add(healthy)
    told = {words(name)[0]: {healthy == "yes"} for name, healthy, _ in rows(README, "subscription")}
    assert told == found


def test_the_map_shows_every_room() -> None:
    """A newcomer finds each file of what is deployed on the map, and none that is gone."""
    told = [words(name)[0] for name, _ in rows(PAGES["CONTRIBUTING.md"], "file")]
    files = [
        path.relative_to(ROOT).as_posix() for room in ("functions", "shared") for path in (ROOT / room).rglob("*.py")
    ]
    assert sorted(told) == sorted(path for path in files if not path.endswith("__init__.py"))


# Paths and commands


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Files exist, and so do the headings that are linked to."""
    for target in re.findall(r"(?:\]\(|href=\")([^)\"]+)", PAGES[page]):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in map(_anchor, re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)), (
                target
            )


def _anchor(heading: str) -> str:
    """The name that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_paths_in_backticks_exist(page: str) -> None:
    """What looks like a path of this repository is one."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in (".local", ".hypothesis")}
    modules = {path.name for path in ROOT.glob("*.py")}
    for folder in ("functions", "shared", "local", "tests", "bench"):
        modules |= {path.name for path in (ROOT / folder).rglob("*.py")}
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    for word in words(text):
        if not re.fullmatch(r"[\w./-]+", word):
            continue
        if "/" in word and word.split("/")[0] in folders:
            assert (ROOT / word).exists(), word
        elif word.endswith(".py"):
            assert word in modules, word


def test_make_targets_exist() -> None:
    """Commands can be typed as they stand here."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*)\s*:(?!=)", makefile, re.MULTILINE))
    told = {target for page in PAGES.values() for target in re.findall(r"(?:^|`)make ([\w-]+)", page, re.MULTILINE)}
    assert {"demo", "test", "serve"} <= told
    assert told <= targets


def test_the_layout_is_the_apps() -> None:
    """The README's names of blobs are those that the app makes."""
    start = instants.from_text("2026-11-23T04:15:00Z")
    for name in (
        names.window("alerts_v2", "<guid>", start),
        names.reconciled("alerts_v2", "<guid>", start, 1),
        names.snapshot("secureScores", "<guid>", date(2026, 11, 23)),
        names.snapshot("secureScoreControlProfiles", "<guid>", date(2026, 11, 23)),
        names.checkpoint("<source>", "<guid>"),
        names.mark("<source>", "<guid>"),
        names.manifest("<source>", "<guid>", start),
        audit.name("<guid>", start),
        subscribed.name("<guid>"),
        subscribed.notified_name("<guid>"),
        views.report("<guid>", date(2026, 11, 23)),
        views.latest_report("<guid>"),
        latest_progress.file("<source>", "<guid>", "2026-11"),
        latest_progress.name("<source>", "<guid>"),
    ):
        assert f"\n  {name} " in README, name


# Examples


def test_example_requests_are_accepted() -> None:
    """Every body that the README sends with curl is a request."""
    bodies = re.findall(r"/api/export\?.*-d '(\{.*?\})'", README + OPERATIONS)
    assert len(bodies) >= 4
    for body in bodies:
        job = requests.read(
            body.replace("<guid>", TENANT).encode(),
            sources=SOURCES,
            tenants=[TENANT],
            home=TENANT,
            today=date(2026, 11, 23),
        )
        assert job.tenant == TENANT


def test_example_updates_are_accepted() -> None:
    """Every PATCH of the README is one that would be sent."""
    told = re.findall(r"-X PATCH \"(\S+)\".*(?:\n +)?-d '(\{.*?\})'", README.replace(" \\\n", " "))
    assert len(told) == 3
    for url, body in told:
        collection, _, id_ = urlsplit(url).path.removeprefix("/api/security/").partition("/")
        wanted = asked.update(
            collection=collection,
            id_=id_ or None,
            url=url,
            headers={},
            body=body.encode(),
            tenants=[TENANT],
            home=TENANT,
        )
        assert wanted.change.fields


def test_the_example_of_an_update_is_what_its_answer_looks_like() -> None:
    """Same keys, same order, up to the record, and the same words."""
    world = Updated()
    _, answer = world.patch("alerts_v2", {"status": "resolved", "comment": "done"})
    told = example(README, "effect")
    assert list(told) == list(answer)
    assert told["done"] == answer["done"]
    assert told["effect"].partition(": ")[2] == answer["effect"].partition(": ")[2]
    assert told["bell"] == answer["bell"]
    told_name, name = (re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d", "0", each["audit"]) for each in (told, answer))
    assert told_name == name


def test_all_that_may_be_updated_is_in_the_table_with_its_permission() -> None:
    """Fields in the order of their names, and a comment where one can be posted."""
    told = {words(row[0])[0]: (words(row[1]), words(row[2])) for row in rows(README, "collection")}
    assert told == {
        name: ([*sorted(rules.fields), *(["comment"] if rules.comments else [])], [rules.permission])
        for name, rules in UPDATABLE.items()
    }


def test_all_that_becomes_of_an_update_is_in_the_table() -> None:
    """Word by word."""
    assert [words(name)[0] for name, *_ in rows(README, "done")] == list(Done)


def test_all_that_the_audit_keeps_is_explained() -> None:
    """Every field, and none that is gone; and what an unfinished one says."""
    told = {word for row in rows(README, "kept") for word in words(row[0])}
    assert {"v", *told} == {field.name for field in msgspec.structs.fields(Audit)}
    assert audit.UNFINISHED in README
    assert audit.FINISHED in README


def test_bounds_of_an_update_are_told() -> None:
    """How many at once."""
    assert f"names up to {asked.MOST_IDS}," in README


def test_the_webhooks_urls_are_accepted() -> None:
    """Both may be set as they stand there, and lead to the functions."""
    told = re.findall(r"^ +(\w+_URL)=(\S+)$", README, re.MULTILINE)
    urls = {name: url.replace("<app>", "app").replace("<key>", "k3y-_") for name, url in told}
    settings_with = load(REQUIRED | urls)
    assert settings_with.notification_url
    assert settings_with.lifecycle_url
    routes = [urlsplit(url).path for url in (settings_with.notification_url, settings_with.lifecycle_url)]
    posts = {words(row[1])[0] for row in rows(README, "function")}
    assert routes == ["/api/notifications", "/api/lifecycle"]
    assert {f"POST {route}" for route in routes} <= posts


def test_what_a_post_meets_is_explained() -> None:
    """Every reason for which a notification is dropped, and the sizes at which something is refused."""
    good = {"subscriptionId": "x", "tenantId": TENANT, "clientState": "secret", "changeType": "updated"}
    posted = [
        good,
        good | {"clientState": "another"},
        good | {"tenantId": "another"},
        good | {"subscriptionId": 1},
        good | {"resource": "x" * messages.MOST_BYTES},
    ]
    batch = webhook.read(
        json.dumps({"value": posted}).encode(),
        "application/json",
        client_states=["secret"],
        tenants=[TENANT],
        received="2026-11-23T12:00:00.0000000Z",
    )
    text = section(README, "What a POST meets")
    _, _, told = text.partition("by reason:")
    assert set(words(told.partition("Values")[0])) == batch.dropped.keys()
    assert len(batch.messages) == 1
    assert f"longer than {webhook.MOST_TOKEN_BYTES // 1024} KiB" in text
    assert f"longer than {webhook.MOST_BODY_BYTES // 1024**2} MiB" in text
    assert f"from {messages.MOST_BYTES // 1024} KiB on" in text


def test_the_life_of_a_subscription_is_told() -> None:
    """The figures by which it is renewed, and tried again."""
    days, renewed = plan.LIFE // instants.DAY, plan.LIFE // plan.RENEW_WITHIN
    assert f"the last third of their {days} days" in README
    assert renewed == 3
    assert f"last up to {days} days" in README
    assert plan.REFUSED_AGAIN_AFTER == instants.DAY
    assert f"for {health.SILENT_AFTER // instants.HOUR} hours or more".replace("3", "three") in README


def test_the_example_of_a_notification_is_what_messages_look_like() -> None:
    """Same keys, same order."""
    message = messages.Message(kind="change", received="", tenantId="", subscriptionId="")
    assert shape(example(HOW_IT_WORKS, "kind")) == shape(json.loads(messages.encode(message)))


def test_all_that_is_remembered_of_subscriptions_is_explained() -> None:
    """Every field, and none that is gone."""
    told = {word for row in rows(HOW_IT_WORKS, "remembered") for word in words(row[0])}
    assert {"v", *told} == {field.name for kind in (Memory, Subscribed) for field in msgspec.structs.fields(kind)}


def test_poisoned_messages_can_be_put_back_as_the_readme_says() -> None:
    """Its settings suffice, and its commands are understood, one for each queue."""
    [block] = [block for block in blocks(README, "sh") if "shared.replay" in block]
    env = dict(re.findall(r"(\w+)=(\S+)", block.replace("<guid>", TENANT).replace("<account>", "account")))
    config = load(env)
    assert config.graph_credential is GraphCredential.DEVELOPER
    assert config.queue_storage == Endpoint("https://account.queue.core.windows.net")
    commands = re.findall(r"python -m (\S+) (\S+)$", block, re.MULTILINE)
    assert {f"{queue}{suffix}" for _, queue in commands for suffix in ("", wiring.POISON)} == set(wiring.QUEUES)
    bare = {name: value for name, value in os.environ.items() if name not in settings.names()}
    for module, queue in commands:
        done = subprocess.run(
            [sys.executable, "-m", module, queue], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
        )
        assert "TENANT_ID is missing" in done.stderr


def test_every_finding_is_in_the_table() -> None:
    """Each kind with what it means and what to do, and none that is gone."""
    table = rows(section(README, "Verify"), "finding")
    assert sorted(words(name)[0] for name, _, _ in table) == sorted(findings.Kind)
    assert all(meaning and remedy for _, meaning, remedy in table)
    assert set(findings.MEANING) == set(findings.Kind)


def test_it_is_verified_as_the_readme_says() -> None:
    """Its settings suffice, and its commands are understood."""
    [block] = [block for block in blocks(README, "sh") if "shared.verify" in block]
    block = block.replace("<guid>", TENANT).replace("<account>", "account")
    config = load(dict(re.findall(r"(\w+)=(\S+)", block)))
    assert config.graph_credential is GraphCredential.DEVELOPER
    assert config.export_storage == Endpoint("https://account.blob.core.windows.net")
    bare = {name: value for name, value in os.environ.items() if name not in settings.names()}
    commands = re.findall(r"python (-m shared.verify.*)$", block, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(
            [sys.executable, *command.split()], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "TENANT_ID is missing" in done.stderr


def shape(value: object) -> object:
    """The keys of nested objects, in order, also in lists; GUIDs aside."""
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if not isinstance(value, dict):
        return None
    return [(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<guid>", key), shape(inner)) for key, inner in value.items()]


def example(page: str, key: str) -> dict[str, Any]:
    """The JSON example that has this key."""
    [found] = [content for block in blocks(page, "json") if key in (content := json.loads(block))]
    assert isinstance(found, dict)
    return found


@dataclass
class Downloaded:
    """Both containers as files, and the worlds that they come from."""

    folder: Path
    alerts: World
    scores: World


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> Downloaded:
    """Three days of alerts that change, arrive late, days late too, and tie, with a quiet day; and a week of scores."""
    world = World()
    for hours in range(0, 48, 3):
        world.create(hours * 3600 + 1)
    records = [world.create(4000, id=ALERT), *(world.create(4000) for _ in range(5))]
    world.run()
    for _ in range(3):
        world.clock.advance(60)
        for record in records[:3]:
            world.update(record)
        world.clock.advance(1)
        world.run()
    # One more revision, 100 ns later: a microsecond does not tell them apart.
    world.records.update(ALERT, instants.from_text(dict(world.current())[ALERT]) + 1)
    world.clock.advance(300)
    world.run()
    world.create(40 * 60)
    world.run()
    world.clock.advance(2 * 86_400)
    world.update(records[4])
    world.clock.advance(1)
    world.run()
    world.create(2 * 86_400)
    world.run(world.comparison())
    assert world.exported().keys() == world.revisions()

    scores = World("secureScores")
    for days in range(7):
        scores.create(days * 86_400)
    scores.run()

    folder = tmp_path_factory.mktemp("downloaded")
    for each in (world, scores):
        viewed = Viewed.of(each)
        if each is world:
            viewed.publish()
        containers = {"security-export": each.data, "security-export-state": each.state, "security-views": viewed.views}
        for container, blobs in containers.items():
            for name in blobs.names(""):
                file = folder / container / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"".join(blobs.chunks(name)))
    return Downloaded(folder, world, scores)


def test_the_example_of_status_is_what_status_looks_like(downloaded: Downloaded) -> None:
    """Same keys, same order."""
    world = downloaded.alerts
    told = example(README, "healthy")
    one = {"resource": "security/alerts", "changeType": "updated"}
    hooks = {
        "NOTIFICATION_URL": "https://a.test/n",
        "LIFECYCLE_URL": "https://a.test/l",
        "SUBSCRIPTIONS": f"[{json.dumps(one)}]",
    }
    memory = Memory(subscriptions=[Subscribed(resource="security/alerts", change_type="updated", made="x")])
    world.state.put(subscribed.name(TENANT), subscribed.encode(memory))
    report = status_reading.read(
        load(REQUIRED | hooks), world.state, [TENANT], ["alerts_v2"], dict.fromkeys(wiring.QUEUES, 0), world.now
    )
    assert shape(told) == shape(json.loads(json.dumps(report)))
    assert list(told["queues"]) == list(wiring.QUEUES)


def test_the_example_of_the_summary_is_what_summaries_look_like() -> None:
    """Same keys, same order, and the same number of tenants shown."""
    told = example(README, "unhealthy")
    kept = {"failure": None, "silent": False, "subscriptions": [{"state": "alive"}, {"state": "refused"}]}
    states = ["ok", "failing", "late"] * 10
    parts = [
        OfTenant(str(n), healthy=False, sources={"alerts_v2": {"state": state}}, subscriptions=kept)
        for n, state in enumerate(states)
    ]
    summary: Any = status.join(parts, World().now)["summary"]
    assert shape(told) == shape(json.loads(json.dumps(summary)))
    assert told["shown"] == summary["shown"]


def test_the_example_of_a_manifest_is_what_manifests_look_like(downloaded: Downloaded) -> None:
    """Same keys, same order, and the table explains only fields that there are."""
    written = [json.loads(file.read_bytes()) for file in downloaded.folder.rglob("manifests/alerts_v2/**/*.json")]
    [result] = [manifest.pop("reconcile") for manifest in written if "reconcile" in manifest]
    assert {str(shape(manifest)) for manifest in written} == {str(shape(example(HOW_IT_WORKS, "previous")))}
    assert [name for name in result if f"`{name}`" not in section(HOW_IT_WORKS, "Manifests")] == []
    told = [word for row in rows(section(HOW_IT_WORKS, "Manifests"), "field") for word in words(row[0])]
    assert set(told) <= set(written[0])
    [day, *_] = (json.loads(file.read_bytes()) for file in downloaded.folder.rglob("manifests/secureScores/**/*.json"))
    assert written[0].keys() - day.keys() == {"unreadable"}
    assert "read_start" not in day["window"]


def test_every_field_of_the_checkpoint_is_explained() -> None:
    """But for those that say whose it is."""
    told = [word for row in rows(section(HOW_IT_WORKS, "The checkpoint"), "field") for word in words(row[0])]
    assert {"v", "source", "tenant", *told} >= {field.name for field in msgspec.structs.fields(Checkpoint)}


def test_the_columns_of_the_latest_view_are_explained() -> None:
    """Their names and types, in order."""
    assert {words(name)[0]: words(type_)[0] for name, type_, _ in rows(README, "column")} == COLUMNS


def test_the_progress_of_the_latest_view_is_explained() -> None:
    """Every field of it."""
    told = {word for row in rows(HOW_IT_WORKS, "progress") for cell in row for word in words(cell)}
    assert {"v", *told} == {field.name for kind in (Progress, Stretch) for field in msgspec.structs.fields(kind)}


def test_the_command_that_deletes_the_latest_view_deletes_it(downloaded: Downloaded) -> None:
    """Its pattern takes all of it and nothing else, and the next run makes it again."""
    [pattern] = re.findall(r"delete-batch .* --source security-views --pattern '(.+)'", README)
    viewed = Viewed.of(downloaded.alerts)
    viewed.views.put("reports/x", b"")
    viewed.publish()
    view = viewed.shown()
    for name in list(viewed.views.names("")):
        if fnmatchcase(name, pattern):
            viewed.delete(name)
    assert list(viewed.views.names("")) == ["reports/x"]
    viewed.publish()
    assert viewed.shown() == view


def test_the_metadata_is_explained() -> None:
    """Every name that a window's or a day's blob may carry."""
    world = World()
    world.graph.faults["alerts_v2"].poison = {world.create(60)}
    world.create(120)
    scores = World("secureScores")
    scores.create(60)
    for each in (world, scores):
        each.run()
    stored = [each.data.properties(name) for each in (world, scores) for name in each.data.names("")]
    carried = {name for properties in stored if properties for name in properties.metadata}
    assert {word for row in rows(README, "name") for word in words(row[0])} == carried


# Queries

QUERIES: Final = {block.partition("\n")[0].removeprefix("-- "): block for block in blocks(README, "sql")}


def ask(query: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Run one of the README's queries where the data was downloaded to; the last statement's rows."""
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_every_query_is_tested() -> None:
    """By its first line; whoever adds one adds its test."""
    assert set(QUERIES) == {
        "latest view",
        "history of one alert",
        "secure scores",
        "blobs that are not as their manifests say",
        "manifests that break the chain",
        "straight from Azure",
        "open alerts",
        "alerts by technique",
        "hosts in the evidence",
    }
    assert [page for page in PAGES if page != "README.md" and blocks(PAGES[page], "sql")] == []


def test_the_latest_view_is_what_graph_shows(downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row an alert, its newest revision, the newest alert first."""
    found = ask(QUERIES["latest view"], downloaded.folder, monkeypatch)
    assert sorted((row[0], row[1]) for row in found) == sorted(downloaded.alerts.current())
    assert [row[1] for row in found] == sorted((row[1] for row in found), reverse=True)
    assert all(all(row) for row in found)


def test_the_history_of_an_alert_is_all_its_revisions(downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they were made, even 100 ns apart."""
    found = ask(QUERIES["history of one alert"], downloaded.folder, monkeypatch)
    assert [row[0] for row in found] == sorted(at for id_, at in downloaded.alerts.revisions() if id_ == ALERT)
    assert len(found) == 5


def test_scores_come_by_day(downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row a day with Graph's own figures."""
    records = downloaded.scores.records
    truth = {}
    for revision in records.current():
        ordinal = records.find(revision.id)
        assert ordinal is not None
        score = json.loads(records.render(ordinal))
        truth[revision.at[:10]] = (score["currentScore"], score["maxScore"])
    found = ask(QUERIES["secure scores"], downloaded.folder, monkeypatch)
    assert [(str(day), (float(score), float(most))) for day, score, most in found] == sorted(truth.items())


@pytest.mark.parametrize("query", ["latest view", "history of one alert"])
def test_times_without_trailing_zeros_stand_in_order(
    query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph writes 00Z, 00.1Z and 00.12Z; as plain text they would sort the other way round."""
    times = ["2026-11-23T04:15:00Z", "2026-11-23T04:15:00.1Z", "2026-11-23T04:15:00.12Z", "2026-11-23T04:15:01Z"]
    name = names.window("alerts_v2", TENANT, instants.from_text(times[0])).removesuffix(".gz")
    file = tmp_path / "security-export" / name
    file.parent.mkdir(parents=True)
    file.write_text("".join(f'{{"id": "{ALERT}", "lastUpdateDateTime": "{at}"}}\n' for at in times))
    text = QUERIES[query].replace(".ndjson.gz", ".ndjson")
    found = ask(text, tmp_path, monkeypatch)
    expected = [(ALERT, times[-1])] if query == "latest view" else [(at, None) for at in times]
    assert [row[:2] for row in found] == expected
    file.write_text("".join(f'{{"id": "{ALERT}", "lastUpdateDateTime": "{at}"}}\n' for at in reversed(times[:3])))
    assert times[2] in ask(text, tmp_path, monkeypatch)[-1]


@pytest.mark.parametrize("query", ["latest view", "history of one alert"])
def test_half_a_surrogate_pair_costs_its_line_alone(
    query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query stops with the words that the README gives, and with the words that it adds finds all the others."""
    at = "2026-11-23T04:15:00Z"
    name = names.window("alerts_v2", TENANT, instants.from_text(at)).removesuffix(".gz")
    file = tmp_path / "security-export" / name
    file.parent.mkdir(parents=True)
    lines = [{"id": ALERT, "lastUpdateDateTime": at}, {"id": "other", "lastUpdateDateTime": at, "title": "\ud800"}]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    text = QUERIES[query].replace(".ndjson.gz", ".ndjson")
    with pytest.raises(duckdb.Error, match="Malformed JSON"):
        ask(text, tmp_path, monkeypatch)
    mended = text.replace(".ndjson'", ".ndjson', ignore_errors = true")
    assert "`ignore_errors = true`" in README
    assert (ALERT if query == "latest view" else at) in {row[0] for row in ask(mended, tmp_path, monkeypatch)}


@pytest.mark.parametrize("query", ["open alerts", "alerts by technique", "hosts in the evidence"])
def test_the_queries_of_the_latest_view_are_right(
    query: str, downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They find what the newest revisions say."""
    view = [json.loads(text) for _, texts in newest(downloaded.alerts.lines()).values() for text in texts]
    found = ask(
        QUERIES[query].replace("createdDateTime\n", "createdDateTime::VARCHAR\n"), downloaded.folder, monkeypatch
    )
    match query:
        case "open alerts":
            assert {row[0] for row in found} == {one["id"] for one in view if one["status"] != "resolved"}
        case "alerts by technique":
            assert dict(found) == Counter(technique for one in view for technique in one["mitreTechniques"])
        case _:
            hosts = {
                (one["id"], each["deviceDnsName"])
                for one in view
                for each in one["evidence"]
                if each.get("deviceDnsName")
            }
            assert set(found) == hosts
    assert found


def test_half_a_surrogate_pair_does_not_stop_a_query_of_the_latest_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query into the text passes over such a record, and finds its neighbour."""
    viewed = Viewed()
    for id_, title in (("half", "\ud800"), ("whole", "title")):
        evidence = [{"deviceDnsName": "host.contoso.com"}]
        viewed.write([alert(id_, "2026-11-23T04:15:00Z", title=title, evidence=evidence)])
    viewed.publish()
    for name in viewed.views.names(""):
        file = tmp_path / "security-views" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(viewed.views.chunks(name)))
    assert ask(QUERIES["hosts in the evidence"], tmp_path, monkeypatch) == [("whole", "host.contoso.com")]


def test_the_path_in_azure_is_the_same(downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``az://`` the query counts the lines of the download."""
    _, query = QUERIES["straight from Azure"].split(";", 1)
    assert "az://" in query
    found = ask(query.replace("az://", ""), downloaded.folder, monkeypatch)
    assert found == [(sum(downloaded.alerts.exported().values()),)]


BLOBS, CHAIN = "blobs that are not as their manifests say", "manifests that break the chain"


@pytest.mark.parametrize("query", [BLOBS, CHAIN])
def test_what_is_whole_is_found_whole(query: str, downloaded: Downloaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof has nothing to say of an export that nobody touched."""
    assert ask(QUERIES[query], downloaded.folder, monkeypatch) == []


def test_a_blob_that_was_touched_is_found(
    downloaded: Downloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Altered, removed or put in: each is named, and nothing else."""
    copy = shutil.copytree(downloaded.folder, tmp_path / "copy")
    altered, removed, *_ = sorted((copy / "security-export").rglob("*.ndjson.gz"))
    altered.write_bytes(altered.read_bytes() + b"\n")
    removed.unlink()
    added = altered.with_name("20261121T000001.000000Z.ndjson.gz")
    added.write_bytes(b"")
    found = ask(QUERIES[BLOBS], copy, monkeypatch)
    paths = [altered.relative_to(copy / "security-export"), removed.relative_to(copy / "security-export"), added]
    assert sorted(Path(row[0]).name for row in found) == sorted(path.name for path in paths)


MISSING, STRANGER = "missing, or altered", "not in the chain"


@pytest.mark.parametrize(
    ("touch", "problems"),
    [
        ("alter", {MISSING, STRANGER}),
        ("add", {STRANGER}),
        ("remove the first", {MISSING}),
        ("remove one", {MISSING, STRANGER}),
        ("remove the last", {MISSING, STRANGER}),
    ],
)
def test_a_manifest_that_was_touched_breaks_the_chain(
    touch: str, problems: set[str], downloaded: Downloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain cannot be changed in one place alone."""
    copy = shutil.copytree(downloaded.folder, tmp_path / "copy")
    first, second, *_, last = sorted((copy / "security-export-state/manifests/alerts_v2").rglob("*.json"))
    match touch:
        case "alter":
            second.write_text(second.read_text().replace('"records": ', '"records": 1'))
        case "add":
            second.with_name("20261121T000001.000000Z.json").write_text(first.read_text().replace('"v"', '"w"'))
        case "remove the first":
            first.unlink()
        case "remove one":
            second.unlink()
        case _:
            last.unlink()
    assert {problem for problem, _ in ask(QUERIES[CHAIN], copy, monkeypatch)} == problems
