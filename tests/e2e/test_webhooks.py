"""Webhooks on the local stack: Graph's validation, notifications and lifecycle events, over HTTP, queues and blobs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from local.child import ROOT
from local.simulator.timestamps import TICKS_PER_SECOND, parse, ticks
from local.stack import TENANT, Stack
from tests.e2e.blobs import exported
from tests.e2e.driving import complete, control, fire, lift_limit, status
from tests.e2e.relay import Relay
from tests.e2e.waiting import until

DATA = {"alerts": 200, "days": 2}
SETTINGS = {"EXPORT_LOOKBACK_DAYS": "2", "GRAPH_REQUESTS_PER_MINUTE": "60000"}
OPTIONS = ("--no-timers", "--message-lease=5")
QUEUE = "graph-notifications"
ROUTES = ("notifications", "lifecycle")
MIB = 1024 * 1024

INTERVAL_S = 15
"""BELL_INTERVAL_SECONDS, where nothing else is set."""


class Burst(NamedTuple):
    """What a burst of notifications was answered."""

    scans_before: int
    answered: dict[str, Any]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as it is deployed: bells 15 s apart."""
    with Stack(data=DATA, settings=SETTINGS, host_options=OPTIONS, logs=tmp_path_factory.mktemp("logs")) as running:
        lift_limit(running)
        yield running


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack where notifications stay on the queue."""
    settings = SETTINGS | {"AzureWebJobs.process_notifications.Disabled": "true"}
    with Stack(data=DATA, settings=settings, host_options=OPTIONS, logs=tmp_path_factory.mktemp("logs")) as running:
        lift_limit(running)
        yield running


@pytest.fixture(scope="module")
def subscribed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Relay]]:
    """A stack with a subscription, everything exported, short intervals, and queues that can be cut off."""
    settings = SETTINGS | {"BELL_INTERVAL_SECONDS": "1"}
    with Stack(data=DATA, settings=settings, host_options=OPTIONS, logs=tmp_path_factory.mktemp("logs")) as running:
        direct = running.azurite.queue_url
        with Relay(urlsplit(direct).port or 0).running() as relay:
            through = running.azurite.connection_string.replace(direct, f"http://127.0.0.1:{relay.port}")
            running.stop_host()
            running.settings["AzureWebJobsStorage"] = through
            running.start_host()
            lift_limit(running)
            fire(running, "export_secure_scores")
            fire(running, "maintain_subscriptions")
            until(lambda: complete(running, "alerts_v2"), "the first export")
            until(lambda: status(running)["healthy"], "a healthy status")
            yield running, relay
            running.stop_host()


@pytest.fixture
def lively(subscribed: tuple[Stack, Relay]) -> Stack:
    """That stack, with a Graph that behaves, and one subscription."""
    running, _ = subscribed
    control(running, "DELETE", "faults/subscriptions")
    subscribed_to(running)
    until(lambda: nothing_asked(running), "the end of all that was asked for")
    return running


@pytest.fixture
def relay(subscribed: tuple[Stack, Relay]) -> Relay:
    """The way to that stack's queues."""
    return subscribed[1]


@pytest.fixture(scope="module")
def burst(stack: Stack) -> Burst:
    """Twenty changes, and a thousand notifications at once."""
    subscribed_to(stack)
    scans = finished(stack)
    change(stack, 20, seed=80)
    return Burst(scans, control(stack, "POST", "notify", {"source": "alerts_v2", "count": 1000}))


def subscriptions(stack: Stack) -> list[dict[str, Any]]:
    """Those in Graph, with what it does not tell the app."""
    found: list[dict[str, Any]] = control(stack, "GET", "subscriptions")
    return found


def change(stack: Stack, count: int, seed: int) -> list[tuple[str, str]]:
    """Change some alerts; the new revisions."""
    made = control(stack, "POST", "change", {"source": "alerts_v2", "count": count, "seed": seed})
    return [(revision["id"], revision["at"]) for revision in made]


def deliveries(stack: Stack) -> dict[str, Any]:
    """What became of Graph's notifications."""
    report: dict[str, Any] = control(stack, "GET", "deliveries")
    return report


def count(stack: Stack, name: str) -> int:
    """How many notifications of a kind there were so far."""
    return int(deliveries(stack)["counts"].get(name, 0))


def executed(stack: Stack, function: str) -> int:
    """How often a function has ended well."""
    return stack.host.output().count(f"Executed {function}: ok")


def maintain(stack: Stack) -> None:
    """Fire maintain_subscriptions, and wait until it has ended."""
    before = executed(stack, "maintain_subscriptions")
    fire(stack, "maintain_subscriptions")
    until(lambda: executed(stack, "maintain_subscriptions") > before, "the end of maintain_subscriptions")


def idle(stack: Stack) -> bool:
    """Whether all queues are empty, but for delayed bells whose time has not come."""
    lengths = status(stack)["queues"]
    if lengths[QUEUE] or lengths[f"{QUEUE}-poison"] or lengths["export-jobs-poison"]:
        return False
    with queue(stack, "export-jobs") as client:
        return not client.peek_messages()


def nothing_asked(stack: Stack) -> bool:
    """Whether the last scan has seen every wish for one: what is exported now, somebody asks for from now on."""
    account = BlobServiceClient.from_connection_string(stack.azurite.connection_string)
    with account, account.get_container_client("security-export-state") as state:
        names = (f"marks/alerts_v2/{TENANT}.json", f"checkpoints/alerts_v2/{TENANT}.json")
        mark, checkpoint = (
            json.loads(state.download_blob(name).readall()) if state.get_blob_client(name).exists() else {}
            for name in names
        )
    return idle(stack) and mark.get("id") == checkpoint.get("mark")


def finished(stack: Stack) -> int:
    """How many scans there were."""
    return stack.host.output().count('"event": "export.finished"')


def subscribed_to(stack: Stack) -> None:
    """See to it that there is a subscription, and that everything so far is exported."""
    if not subscriptions(stack):
        maintain(stack)
    until(lambda: complete(stack, "alerts_v2"), "everything so far")


def queue(stack: Stack, name: str = QUEUE) -> QueueClient:
    """A queue, read and written as the host does."""
    return QueueClient.from_connection_string(
        stack.azurite.connection_string,
        name,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )


def take_all(stack: Stack) -> list[dict[str, Any]]:
    """Take out all messages that wait to be processed."""
    with queue(stack) as client:
        texts = []
        for message in client.receive_messages(messages_per_page=32):
            texts.append(message.content)
            client.delete_message(message)
    return [json.loads(text) for text in texts]


def post(
    stack: Stack, body: bytes, *, route: str = "notifications", content_type: str = "application/json"
) -> requests.Response:
    """Post as anybody on the internet can."""
    headers = {"Content-Type": content_type}
    return requests.post(f"{stack.host_url}/api/{route}", data=body, headers=headers, timeout=30)


def collection(*items: object, **more: object) -> bytes:
    """A POST's body."""
    return json.dumps({"value": items, **more}).encode()


def item(stack: Stack, record: str = "da1", **more: object) -> dict[str, Any]:
    """A notification that passes the checks, but for what is given."""
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "subscriptionExpirationDateTime": "2026-12-19T22:11:09.952Z",
        "clientState": stack.settings["NOTIFICATION_CLIENT_STATE"],
        "tenantId": TENANT,
        "changeType": "updated",
        "resource": f"security/alerts_v2/{record}",
        "resourceData": {"@odata.type": "#microsoft.graph.security.alert", "id": record},
        **more,
    }


def lifecycle_item(stack: Stack, event: str, **more: object) -> dict[str, Any]:
    """A lifecycle notification, which has neither resource nor changeType."""
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "subscriptionExpirationDateTime": "2026-12-19T22:11:09.952Z",
        "clientState": stack.settings["NOTIFICATION_CLIENT_STATE"],
        "tenantId": TENANT,
        "lifecycleEvent": event,
        **more,
    }


def test_maintenance_subscribes_once_and_rings(stack: Stack) -> None:
    """Graph validates both URLs; the bell brings the first export; a second run leaves the subscription as it is."""
    maintain(stack)
    (made,) = subscriptions(stack)
    assert made["resource"] == "security/alerts_v2"
    assert made["changeType"] == "created,updated"
    assert made["notificationUrl"] == f"{stack.host_url}/api/notifications"
    assert made["lifecycleNotificationUrl"] == f"{stack.host_url}/api/lifecycle"
    assert made["clientState"] == stack.settings["NOTIFICATION_CLIENT_STATE"]
    until(lambda: complete(stack, "alerts_v2"), "the export that the bell asked for")
    assert executed(stack, "notifications") == executed(stack, "lifecycle") == 2  # warmed, and validated
    maintain(stack)
    assert subscriptions(stack) == [made]
    assert executed(stack, "notifications") == 2


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("token", ["a+b/c=&?#%41 %2B ü", "<html><script>alert(1)</script>", "x" * 4096])
def test_a_validation_token_comes_back_as_it_is(unread: Stack, route: str, token: str) -> None:
    """Decoded once, as plain text that no browser takes for a page, and nothing lies on the queue."""
    answer = requests.post(f"{unread.host_url}/api/{route}", params={"validationToken": token}, timeout=10)
    assert answer.status_code == 200
    assert answer.content == token.encode()
    assert answer.headers["Content-Type"].split(";")[0] == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert take_all(unread) == []


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("query", [{}, {"validationToken": ""}, {"validationToken": "x" * 4097}])
def test_no_or_too_long_a_validation_token_is_refused(unread: Stack, route: str, query: dict[str, str]) -> None:
    """400 with a reason that does not repeat what was sent."""
    answer = requests.post(f"{unread.host_url}/api/{route}", params=query, timeout=10)
    assert answer.status_code == 400
    assert "xx" not in answer.json()["error"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"value": []}', "text/plain"),
        (b'{"value": []}'.ljust(MIB + 1), "application/json"),
        (b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
        (b'{"value": {}}', "application/json"),
        (b"[]", "application/json"),
        (b"secret", "application/json"),
    ],
    ids=["content type", "1 MiB and a byte", "deep", "no list", "no collection", "no JSON"],
)
def test_what_is_no_collection_is_refused(unread: Stack, route: str, body: bytes, content_type: str) -> None:
    """400 with a reason, and nothing lies on the queue."""
    answer = post(unread, body, route=route, content_type=content_type)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "secret" not in answer.text
    assert take_all(unread) == []


def test_only_what_passes_the_checks_lies_on_the_queue(unread: Stack) -> None:
    """Of 10,000 items three are ours; a stranger learns nothing, and the log tells only how many were dropped, why."""
    strange = "not-the-client-state"
    foreign = "99999999-2222-4333-8444-555555555555"
    forged = [
        item(unread, clientState=strange),
        item(unread, clientState=None),
        item(unread, tenantId=foreign),
        lifecycle_item(unread, "missed", clientState=strange),
    ]
    ours = [
        item(unread, "da1", unknown={"deep": [1, {}]}, encryptedContent=None),
        lifecycle_item(unread, "missed"),
        item(unread, "da2", tenantId=TENANT.upper()),
    ]
    nothing: list[object] = [{}] * (10_000 - len(forged) - len(ours))
    answer = post(unread, collection(*forged, *ours, *nothing, validationTokens=["x"]))
    assert (answer.status_code, answer.content) == (202, b"")
    only_forged = post(unread, collection(*forged))
    assert (only_forged.status_code, only_forged.content) == (202, b"")
    assert dict(only_forged.headers).keys() == dict(answer.headers).keys()

    messages = take_all(unread)
    assert [(each["kind"], each["resourceId"], each["lifecycleEvent"]) for each in messages] == [
        ("change", "da1", ""),
        ("lifecycle", "", "missed"),
        ("change", "da2", ""),
    ]
    assert {each["tenantId"] for each in messages} == {TENANT}
    log = unread.host.output()
    assert '"reasons": {"clientState": 2, "form": 9994, "tenant": 1}' in log
    assert strange not in log
    assert foreign not in log


def test_a_lifecycle_event_needs_no_resource(unread: Stack) -> None:
    """Its message holds identifiers only, and what Graph did not send is empty."""
    assert post(unread, collection(lifecycle_item(unread, "missed")), route="lifecycle").status_code == 202
    (message,) = take_all(unread)
    assert message.pop("received")
    assert message == {
        "v": 1,
        "kind": "lifecycle",
        "tenantId": TENANT,
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "changeType": "",
        "resource": "",
        "resourceId": "",
        "lifecycleEvent": "missed",
    }


def test_a_mebibyte_is_not_too_much(unread: Stack) -> None:
    """What is at the limit is taken."""
    assert post(unread, collection(item(unread)).ljust(MIB)).status_code == 202
    assert len(take_all(unread)) == 1


def test_a_refused_subscription_is_told_and_harms_nothing(unread: Stack) -> None:
    """Status has Graph's own words as a state of its own, stays healthy, and Graph is not asked again that day."""
    fire(unread, "export_alerts")
    fire(unread, "export_secure_scores")
    until(lambda: status(unread)["healthy"], "a healthy status")
    control(unread, "PUT", "faults/subscriptions", {"alerts_v2": "refused"})
    maintain(unread)
    (shown,) = status(unread)["subscriptions"][TENANT]["subscriptions"]
    assert shown["state"] == "refused"
    assert "Resource 'security/alerts_v2' is not supported for subscriptions." in shown["message"]
    assert status(unread)["healthy"]
    control(unread, "DELETE", "faults/subscriptions")
    maintain(unread)
    assert subscriptions(unread) == []


def test_status_shows_subscription_and_last_notification(lively: Stack) -> None:
    """A living one with its end, and when Graph told of something last."""
    before = datetime.now(UTC)
    change(lively, 1, seed=10)

    def notified() -> dict[str, Any] | None:
        shown: dict[str, Any] = status(lively)["subscriptions"][TENANT]
        last = shown["last_notification"]
        return shown if last and parse(last) >= ticks(before) else None

    shown = until(notified, "the notification in status")
    (subscription,) = shown["subscriptions"]
    (actual,) = subscriptions(lively)
    assert subscription["state"] == "alive"
    assert parse(subscription["expires"]) == parse(actual["expirationDateTime"])
    assert shown["silent"] is False
    assert status(lively)["healthy"]


def test_a_forgotten_subscription_is_made_anew(lively: Stack) -> None:
    """What changed meanwhile, without a word of Graph, is exported by the bell of the new one."""
    (old,) = subscriptions(lively)
    control(lively, "DELETE", f"subscriptions/{old['id']}")
    change(lively, 3, seed=20)
    assert not complete(lively, "alerts_v2")
    maintain(lively)
    (new,) = subscriptions(lively)
    assert new["id"] != old["id"]
    until(lambda: complete(lively, "alerts_v2"), "what changed while there was no subscription")


def test_reauthorization_renews(lively: Stack) -> None:
    """The same subscription lives on for 29 days and is no longer paused, without a reauthorize beside the PATCH."""
    (before,) = subscriptions(lively)
    shorten(lively, before["id"], days=1)
    control(
        lively,
        "POST",
        "lifecycle",
        {"subscriptionId": before["id"], "event": "reauthorizationRequired", "pause": True},
    )
    after = until(lambda: next((each for each in subscriptions(lively) if not each["paused"]), None), "a renewal")
    assert after["id"] == before["id"]
    assert (parse(after["expirationDateTime"]) - ticks(datetime.now(UTC))) / TICKS_PER_SECOND > 28 * 86_400
    assert after["conflicts"] == 0


def shorten(stack: Stack, subscription: str, *, days: int) -> None:
    """Let a subscription end sooner, as the app itself."""
    token = requests.get(
        stack.settings["IDENTITY_ENDPOINT"],
        params={"api-version": "2019-08-01", "resource": stack.simulator.url},
        headers={"X-IDENTITY-HEADER": stack.settings["IDENTITY_HEADER"]},
        timeout=10,
    ).json()["access_token"]
    end = datetime.fromtimestamp(datetime.now(UTC).timestamp() + days * 86_400, UTC)
    answer = requests.patch(
        f"{stack.simulator.url}/v1.0/subscriptions/{subscription}",
        json={"expirationDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("event", ["subscriptionRemoved", "missed"])
def test_lifecycle_events_bring_what_went_unnoticed(lively: Stack, event: str) -> None:
    """Graph kept its notifications to itself; the bell that the event rings makes up for them."""
    (before,) = subscriptions(lively)
    control(lively, "PUT", "faults/subscriptions", {"lose_next": 3})
    change(lively, 3, seed=30)
    assert not complete(lively, "alerts_v2")
    control(lively, "POST", "lifecycle", {"subscriptionId": before["id"], "event": event})
    until(lambda: complete(lively, "alerts_v2"), "what Graph did not tell")
    (after,) = until(lambda: subscriptions(lively), "the subscription")
    assert (after["id"] == before["id"]) is (event == "missed")


def test_lost_notifications_lose_no_record(lively: Stack) -> None:
    """Polling does not need them."""
    lost = count(lively, "lost")
    control(lively, "PUT", "faults/subscriptions", {"lose_share": 1})
    change(lively, 5, seed=40)
    assert count(lively, "lost") == lost + 5
    assert not complete(lively, "alerts_v2")
    fire(lively, "export_alerts")
    until(lambda: complete(lively, "alerts_v2"), "the changed alerts")


def test_doubled_notifications_double_no_record(lively: Stack) -> None:
    """All of them are processed, and every revision is there once."""
    delivered, processed = count(lively, "delivered"), executed(lively, "process_notifications")
    control(lively, "PUT", "faults/subscriptions", {"double_share": 1})
    change(lively, 5, seed=50)
    until(lambda: executed(lively, "process_notifications") == processed + 10, "ten processed notifications")
    assert count(lively, "delivered") == delivered + 10
    until(lambda: idle(lively), "empty queues")
    until(lambda: complete(lively, "alerts_v2"), "the changed alerts")


def test_a_change_is_exported_although_nobody_asks_but_graph(stack: Stack) -> None:
    """Graph's POST, two queues, a scan, a blob, with the project's host.json; how fast, the demo tells."""
    subscribed_to(stack)
    until(lambda: seconds_since_scan(stack) > INTERVAL_S, "the end of the interval", 2 * INTERVAL_S)
    (revision,) = change(stack, 1, seed=70)
    until(lambda: revision in exported(stack.azurite.connection_string, "alerts_v2"), "the changed alert")
    last = deliveries(stack)["last"][-1]
    assert (last["status"], last["attempt"]) == (202, 1)


def seconds_since_scan(stack: Stack) -> float:
    """How long ago the last scan began."""
    shown = status(stack)
    return (parse(shown["at"]) - parse(shown["tenants"][TENANT]["alerts_v2"]["scan_began"])) / TICKS_PER_SECOND


def test_a_burst_is_answered(burst: Burst) -> None:
    """A thousand notifications: every one of them with 202. How fast is the benchmark's to say."""
    assert burst.answered["statuses"] == {"202": 1000}


def test_a_queue_that_is_down_costs_nothing(lively: Stack, relay: Relay) -> None:
    """Graph is told 5xx and comes again by itself; then its changes are exported."""
    until(lambda: idle(lively), "empty queues")
    delivered = count(lively, "delivered")
    relay.cut()
    try:
        change(lively, 2, seed=60)
        assert post(lively, collection(item(lively))).status_code == 500
        until(lambda: count(lively, "retries"), "Graph's first try", 20)
        assert count(lively, "delivered") == delivered
    finally:
        relay.mend()
    until(lambda: count(lively, "delivered") == delivered + 2, "Graph's second try", 30)
    assert deliveries(lively)["last"][-1]["attempt"] > 1
    until(lambda: complete(lively, "alerts_v2"), "the changed alerts")


def test_poison_is_shown_and_can_be_replayed(lively: Stack) -> None:
    """What lies in the poison queue makes status unhealthy; replay brings it back, and it is processed at last."""
    until(lambda: status(lively)["healthy"], "a healthy status")
    processed = executed(lively, "process_notifications")
    message = {
        "kind": "change",
        "received": "2026-11-23T12:00:00.0000000Z",
        "tenantId": TENANT,
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    }
    with queue(lively, f"{QUEUE}-poison") as poison:
        poison.create_queue()
        poison.send_message(json.dumps(message))
    shown = status(lively)
    assert shown["queues"][f"{QUEUE}-poison"] == 1
    assert shown["healthy"] is False

    done = subprocess.run(
        [sys.executable, "-m", "shared.replay", QUEUE],
        cwd=ROOT,
        env=lively.settings,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"1 messages went from {QUEUE}-poison to {QUEUE}.\n"
    until(lambda: executed(lively, "process_notifications") == processed + 1, "the replayed message")
    until(lambda: status(lively)["healthy"], "a healthy status")


def test_no_secret_of_the_webhooks_is_logged(lively: Stack) -> None:
    """Whatever happened above, the log has no clientState and no token."""
    log = Path(lively.logs, "host.log").read_text()
    assert "subscriptions.created" in log
    for secret in (lively.settings["NOTIFICATION_CLIENT_STATE"], "validationToken", "Bearer", "eyJ", "AccountKey"):
        assert secret not in log


def test_a_burst_costs_a_handful_of_scans(stack: Stack, burst: Burst) -> None:
    """Everything is exported by them, once, and nothing is poisoned."""
    until(lambda: idle(stack), "empty queues", 200)
    until(lambda: complete(stack, "alerts_v2"), "the changed alerts")
    assert finished(stack) - burst.scans_before <= 10
