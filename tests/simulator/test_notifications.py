"""What subscribers are told, and when."""

import itertools
import random
from datetime import timedelta

import pytest

from local.simulator.subscriptions.endpoint import ENOUGH
from local.simulator.subscriptions.notices import LifecycleEvent
from local.simulator.subscriptions.outbox import MAX_BATCH
from local.simulator.tenant import Tenant
from local.simulator.wire import Request
from tests.simulator.client import Client
from tests.simulator.conftest import TENANT
from tests.simulator.subscriber import IPC, LIFECYCLE_URL, URL, Endpoint, Subscriber
from tests.simulator.world import NOON, Clock


def test_the_payload(app: Subscriber, endpoint: Endpoint) -> None:
    """A basic notification, as the documentation shows it."""
    made = app.create()
    record_id = app.tenant["alerts_v2"].create(NOON)

    assert app.graph.deliver() == 1

    (call,) = endpoint.calls
    assert (call["url"], call["timeout_s"]) == (URL, 3)
    (item,) = call["items"]
    assert item.pop("id")
    assert item == {
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "clientState": "only Graph and I know",
        "changeType": "created",
        "resource": f"security/alerts_v2/{record_id}",
        "tenantId": TENANT,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Security.Alert",
            "@odata.id": f"security/alerts_v2/{record_id}",
            "id": record_id,
        },
    }


@pytest.mark.parametrize(
    ("change_type", "told"),
    [("created", ["created"]), ("updated", ["updated"]), ("created,updated", ["created", "updated"]), ("deleted", [])],
)
def test_change_types(app: Subscriber, endpoint: Endpoint, change_type: str, told: list[str]) -> None:
    """Only the changes asked for; an amended or removed record is no change of them."""
    app.create(changeType=change_type)
    alerts = app.tenant["alerts_v2"]
    record_id = alerts.create(NOON)
    alerts.update(record_id, "2026-11-23T12:00:01Z")
    alerts.amend(record_id, {"title": "x"})
    alerts.remove(record_id)
    app.tenant["incidents"].create(NOON)
    app.graph.deliver()

    assert [item["changeType"] for item in endpoint.items] == told


def test_a_write_is_an_update(app: Subscriber, endpoint: Endpoint) -> None:
    """What an app writes, a comment too, is told like any other change; what is refused is not."""
    record_id = app.tenant["alerts_v2"].create("2026-11-23T11:00:00Z")
    app.create()
    path = f"/v1.0/security/alerts_v2/{record_id}"
    token = app.graph.issue_token(TENANT)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    for method, target, body in [
        ("PATCH", path, b'{"status": "resolved"}'),
        ("POST", f"{path}/comments", b'{"comment": "x"}'),
        ("PATCH", path, b'{"status": "gone"}'),
    ]:
        app.graph.answer(Request(method, target, {}, headers, body))
    app.graph.deliver()

    assert [(item["changeType"], item["resourceData"]["id"]) for item in endpoint.items] == [("updated", record_id)] * 2


def test_before_and_after_it_lived(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """Changes before the subscription, after its end and after DELETE are not told."""
    alerts = app.tenant["alerts_v2"]
    alerts.create(NOON)
    made = app.create(expirationDateTime=app.in_(hours=1), lifecycleNotificationUrl=None)
    heard = alerts.create(NOON)
    clock.pass_(hours=1)
    alerts.create(NOON)
    made = app.create()
    app.ask("DELETE", f"/{made['id']}")
    alerts.create(NOON)
    app.graph.deliver()

    assert endpoint.ids == [heard]


def test_batches(app: Subscriber, endpoint: Endpoint) -> None:
    """What is due for one URL travels together, of several subscriptions, up to a size."""
    first = app.create()["id"]
    second = app.create(changeType="created")["id"]
    app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()
    assert [[item["subscriptionId"] for item in call["items"]] for call in endpoint.calls] == [[first, second]]

    for _ in range(MAX_BATCH):
        app.tenant["alerts_v2"].create(NOON)
    assert app.graph.deliver() == 2
    assert [len(call["items"]) for call in endpoint.calls[1:]] == [MAX_BATCH, MAX_BATCH]


def test_urls_apart(app: Subscriber, endpoint: Endpoint) -> None:
    """Each URL gets its own, with the query string it was given."""
    app.create()
    app.create(changeType="created", notificationUrl=f"{URL}?code=x")
    app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()

    assert [call["url"] for call in endpoint.calls] == [URL, f"{URL}?code=x"]


def test_retries(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """Not 2xx: again and again, ever more seldom, with 10 s to answer, for 4 hours; the same notification."""
    app.create(lifecycleNotificationUrl=None)
    endpoint.status = 503
    app.tenant["alerts_v2"].create(NOON)
    begun = clock.time
    while app.graph.deliver():
        clock.pass_(seconds=app.graph.notifier.pause_s() or 0)

    moments = [call["at"] - begun for call in endpoint.calls]
    pauses = [(after - before).total_seconds() for before, after in itertools.pairwise(moments)]
    assert pauses == [10 * 2**n for n in range(len(pauses))]
    assert timedelta(hours=1) < moments[-1] <= timedelta(hours=4)
    assert [call["timeout_s"] for call in endpoint.calls] == [3, *[10] * len(pauses)]
    assert len({item["id"] for item in endpoint.items}) == 1
    assert app.graph.notifier.log.counts["given up"] == 1
    assert app.graph.notifier.waiting == 0


@pytest.mark.parametrize("status", [200, 202, 204])
def test_delivered(app: Subscriber, endpoint: Endpoint, status: int) -> None:
    """Any 2xx in time is the end of it."""
    app.create()
    endpoint.status, endpoint.seconds = status, 2.9
    app.tenant["alerts_v2"].create(NOON)

    assert app.graph.deliver() == 1
    assert app.graph.notifier.waiting == 0
    assert app.graph.notifier.log.counts["delivered"] == 1


@pytest.mark.parametrize("status", [302, 400, 404, 500, None])
def test_not_delivered(app: Subscriber, endpoint: Endpoint, clock: Clock, status: int | None) -> None:
    """Anything else is retried."""
    app.create()
    endpoint.status = status
    app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()
    endpoint.status = 202
    clock.pass_(seconds=10)

    assert app.graph.deliver() == 1
    assert app.graph.notifier.log.counts["delivered"] == 1


def test_a_cold_start_costs_a_retry(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """An answer after 3 s is none; on the retry there are 10."""
    app.create()
    endpoint.seconds = 5
    app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()
    assert app.graph.notifier.log.counts["delivered"] == 0
    clock.pass_(seconds=10)

    assert app.graph.deliver() == 1
    assert app.graph.notifier.log.counts["delivered"] == 1


def answer_times(app: Subscriber, endpoint: Endpoint, seconds: list[float]) -> None:
    """Let the endpoint answer so slowly, one notification after the other."""
    for each in seconds:
        endpoint.seconds = each
        app.tenant["alerts_v2"].create(NOON)
        app.graph.deliver()
    endpoint.seconds = 0


def test_slow_endpoints_wait(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """More than 10 % slower than 3 s in 10 minutes: what is new comes 10 minutes later."""
    app.create()
    answer_times(app, endpoint, [3.1, *[0] * 9])
    app.graph.deliver()
    fast = len(endpoint.calls)
    app.tenant["alerts_v2"].create(NOON)
    assert app.graph.deliver() == 1, "one of ten is not more than 10 %"

    answer_times(app, endpoint, [3.1])
    app.tenant["alerts_v2"].create(NOON, id="late")
    app.graph.deliver()
    assert "late" not in endpoint.ids
    assert app.graph.notifier.log.counts["delayed"] == 1
    clock.pass_(minutes=10)
    app.graph.deliver()
    assert "late" in endpoint.ids
    assert len(endpoint.calls) > fast
    app.tenant["alerts_v2"].create(NOON, id="well again")
    app.graph.deliver()
    assert "well again" in endpoint.ids


def test_dead_endpoints_lose(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """More than 15 % slower than 10 s in 10 minutes: what is new is dropped, until the 10 minutes are over."""
    app.create()
    app.tenant["alerts_v2"].create(NOON)
    endpoint.seconds = 60
    for _ in range(2 * ENOUGH):
        app.tenant["alerts_v2"].create(NOON)
        app.graph.deliver()
        clock.pass_(seconds=10)
    endpoint.seconds = 0
    assert app.graph.notifier.log.counts["dropped"]

    app.tenant["alerts_v2"].create(NOON, id="dropped")
    clock.pass_(hours=5)
    app.tenant["alerts_v2"].create(NOON, id="later")
    app.graph.deliver()

    assert "dropped" not in endpoint.ids
    assert "later" in endpoint.ids


def test_switch_delay(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """Notifications come later."""
    app.create()
    app.graph.faults.subscriptions.delay_s = 180
    app.tenant["alerts_v2"].create(NOON)
    clock.pass_(seconds=179)
    assert app.graph.deliver() == 0
    assert app.graph.notifier.pause_s() == 1
    clock.pass_(seconds=1)

    assert app.graph.deliver() == 1
    assert len(endpoint.items) == 1


def test_switch_lose(app: Subscriber, endpoint: Endpoint) -> None:
    """The next ones, or a share, do not come."""
    app.create()
    app.graph.faults.subscriptions.lose_next = 2
    ids = [app.tenant["alerts_v2"].create(NOON) for _ in range(3)]
    app.graph.deliver()
    assert endpoint.ids == ids[2:]

    app.graph.faults.subscriptions.lose_share = 0.3
    for _ in range(200):
        app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()
    assert 120 < len(endpoint.ids) - 1 < 160
    assert app.graph.notifier.log.counts["lost"] == 203 - len(endpoint.ids)


def test_switch_double(app: Subscriber, endpoint: Endpoint) -> None:
    """The next ones, or all, come twice, in POSTs of their own."""
    app.create()
    app.graph.faults.subscriptions.double_next = 1
    first = app.tenant["alerts_v2"].create(NOON)
    second = app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()

    ids = [[item["resourceData"]["id"] for item in call["items"]] for call in endpoint.calls]
    assert ids == [[first, second], [first]]
    assert endpoint.items[0] == endpoint.items[2]
    app.graph.faults.subscriptions.double_share = 1
    third = app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()
    assert endpoint.ids.count(third) == 2


@pytest.mark.parametrize("event", ["reauthorizationRequired", "missed", "subscriptionRemoved"])
def test_lifecycle_events(app: Subscriber, endpoint: Endpoint, event: LifecycleEvent) -> None:
    """On demand, with the documented payload; subscriptionRemoved removes it."""
    made = app.create()
    app.graph.notifier.send_lifecycle(made["id"], event)
    app.graph.deliver()

    (call,) = endpoint.calls
    assert call["url"] == LIFECYCLE_URL
    assert call["items"] == [
        {
            "subscriptionId": made["id"],
            "subscriptionExpirationDateTime": made["expirationDateTime"],
            "tenantId": TENANT,
            "clientState": "only Graph and I know",
            "lifecycleEvent": event,
        }
    ]
    assert (app.listed() == []) == (event == "subscriptionRemoved")


def test_no_lifecycle_url(app: Subscriber, clock: Clock) -> None:
    """Without it nothing is sent: a person learns so, Graph itself says nothing."""
    made = app.create(lifecycleNotificationUrl=None)

    with pytest.raises(ValueError, match="lifecycleNotificationUrl"):
        app.graph.notifier.send_lifecycle(made["id"], "missed")
    with pytest.raises(KeyError):
        app.graph.notifier.send_lifecycle("none", "missed")
    clock.pass_(days=28)
    assert app.graph.deliver() == 0


def test_the_end_is_announced(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """In the last tenth of its life a subscription is challenged once; a renewal begins a new life."""
    made = app.create(expirationDateTime=app.in_(days=20))
    pause = app.graph.notifier.pause_s()
    assert pause == 18 * 86_400
    clock.pass_(seconds=pause)
    assert app.graph.deliver() == 1
    assert [item["lifecycleEvent"] for item in endpoint.items] == ["reauthorizationRequired"]
    clock.pass_(days=1)
    assert app.graph.deliver() == 0
    assert app.graph.notifier.pause_s() is None

    app.ask("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=10)})
    clock.pass_(days=9)
    assert app.graph.deliver() == 1


@pytest.mark.parametrize("answer", ["PATCH", "reauthorize"])
def test_a_paused_subscription(app: Subscriber, endpoint: Endpoint, answer: str) -> None:
    """On demand a challenge pauses it: changes until the app answers are lost."""
    made = app.create()
    app.graph.notifier.send_lifecycle(made["id"], "reauthorizationRequired", pause=True)
    app.tenant["alerts_v2"].create(NOON)
    if answer == "PATCH":
        app.ask("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=1)})
    else:
        app.ask("POST", f"/{made['id']}/reauthorize")
    heard = app.tenant["alerts_v2"].create(NOON)
    app.graph.deliver()

    assert [item["resourceData"]["id"] for item in endpoint.items if "resourceData" in item] == [heard]
    assert app.graph.notifier.log.counts["lost while paused"] == 1


def test_bursts(app: Subscriber, endpoint: Endpoint) -> None:
    """Notifications of records that did not change, to everyone who subscribes to them; failures are retried."""
    for _ in range(5):
        app.tenant["alerts_v2"].create(NOON)
    app.create()
    before = list(app.tenant["alerts_v2"].revisions())

    deliveries = app.graph.notifier.burst(app.tenant["alerts_v2"], 12, batch=5)

    assert [delivery.notices for delivery in deliveries] == [5, 5, 2]
    assert list(app.tenant["alerts_v2"].revisions()) == before
    assert app.graph.deliver() == 0, "they are whoever took them to make"
    for delivery in deliveries:
        app.graph.notifier.delivered(delivery, 500, 0.1)
    assert app.graph.notifier.pause_s() == 10
    assert endpoint.calls == []


def test_a_burst_nobody_hears(app: Subscriber) -> None:
    """No subscription, or no record: an error, not a silence."""
    app.tenant["alerts_v2"].create(NOON)
    with pytest.raises(ValueError, match="nobody subscribes"):
        app.graph.notifier.burst(app.tenant["alerts_v2"], 1)
    app.create(resource=IPC)
    with pytest.raises(ValueError, match="nobody subscribes"):
        app.graph.notifier.burst(app.tenant["alerts"], 1)


def test_sixty_days(app: Subscriber, endpoint: Endpoint, clock: Clock) -> None:
    """An app that renews every 20 days hears of every change over 60 days, whatever its endpoint's ups and downs."""
    pick = random.Random(60)
    made, ids = app.create(), []
    for hour in range(60 * 24):
        if hour % (20 * 24) == 0:
            app.ask("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=29)})
        endpoint.status = 500 if pick.random() < 0.2 else 202
        ids.append(app.tenant["alerts_v2"].create(clock.time))
        app.graph.deliver()
        clock.pass_(hours=1)
    endpoint.status = 202
    app.graph.deliver()

    assert set(endpoint.ids) == set(ids)
    assert len(endpoint.ids) > len(ids), "failed attempts came again"


def test_agreeing_by_default(clock: Clock) -> None:
    """A Graph that is given no way to call finds every endpoint valid and every notification delivered."""
    app = Subscriber(Client(Tenant(TENANT), clock), clock, Endpoint(clock))
    app.create()
    app.tenant["alerts_v2"].create(NOON)

    assert app.graph.deliver() == 1
    assert app.graph.notifier.log.counts["delivered"] == 1
