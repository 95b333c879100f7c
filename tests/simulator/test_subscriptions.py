"""What an app may ask for its subscriptions, and what Graph says."""

import json
from typing import Any

import pytest

from tests.simulator.conftest import TENANT
from tests.simulator.subscriber import IPC, LIFECYCLE_URL, URL, Endpoint, Subscriber
from tests.simulator.world import Clock

OTHER_APP = "00000000-0000-4000-8000-00000000bbbb"


def test_create_shows_the_subscription_and_its_secret(app: Subscriber) -> None:
    """The answer to the POST has everything, clientState among it; GET never tells that again."""
    made = app.create(latestSupportedTlsVersion="v1_3")

    assert made["applicationId"] == "00000000-0000-4000-8000-00000000aaaa"
    assert made["clientState"] == "only Graph and I know"
    assert made["expirationDateTime"] == "2026-12-22T12:00:00.0000000Z"
    assert (made["notificationUrl"], made["lifecycleNotificationUrl"]) == (URL, LIFECYCLE_URL)
    shown = json.loads(app.ask("GET", f"/{made['id']}").body)
    assert shown == made | {"clientState": None}
    listed = json.loads(app.ask("GET").body)["value"]
    assert [each | {"@odata.context": made["@odata.context"]} for each in listed] == [shown]


def test_validation_asks_both_endpoints(app: Subscriber, endpoint: Endpoint) -> None:
    """Each URL is asked with a token that needs decoding; its own query string stays."""
    app.create(notificationUrl=f"{URL}?code=a%2Fb")

    notification, lifecycle = endpoint.validated
    assert notification.startswith(f"{URL}?code=a%2Fb&validationToken=Validation%3A+Testing+")
    assert notification.endswith("%2F%2B%3D%26%252B")
    assert lifecycle.startswith(f"{LIFECYCLE_URL}?validationToken=")


def test_one_url_for_both_is_asked_twice(app: Subscriber, endpoint: Endpoint) -> None:
    """Two requests if both use one URL; one without a lifecycle URL."""
    app.create(lifecycleNotificationUrl=URL)
    app.create(lifecycleNotificationUrl=None, resource=IPC)

    assert len(endpoint.validated) == 3


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"status": 202}, "must respond with 200 OK"),
        ({"status": 404}, "must respond with 200 OK"),
        ({"type": "application/json"}, "text/plain"),
        ({"body": "encoded"}, "must exactly match"),
        ({"body": ""}, "must exactly match"),
        ({"error": ConnectionRefusedError()}, "must respond with 200 OK"),
        ({"seconds": 10.1, "error": TimeoutError()}, "timed out"),
        ({"seconds": 10.1}, "timed out"),
    ],
)
def test_failed_validation_makes_nothing(
    app: Subscriber, endpoint: Endpoint, validation: dict[str, Any], message: str
) -> None:
    """Anything but 200, text/plain and the decoded token within 10 s is a 400, and there is no subscription."""
    endpoint.validation = validation

    status, code, words = app.refused("POST", body=app.wanted())

    assert (status, code) == (400, "ValidationError")
    assert words.startswith("Subscription validation request ")
    assert message in words
    assert app.listed() == []


def test_slow_but_valid(app: Subscriber, endpoint: Endpoint) -> None:
    """An answer within 10 s, with a charset, is good enough."""
    endpoint.validation = {"seconds": 9.9, "type": "Text/Plain; charset=utf-8"}

    app.create()


def test_whoever_was_faster_wins(app: Subscriber) -> None:
    """While the endpoint is asked, another request may make the same subscription: one of them is a conflict."""
    app.endpoint.meanwhile = [app.create]

    assert app.refused("POST", body=app.wanted())[:2] == (409, "Conflict")
    assert len(app.listed()) == 1


@pytest.mark.parametrize(
    ("asked", "given"), [({"minutes": 44}, 45), ({"minutes": -5}, 45), ({"minutes": 46}, 46), ({"days": 30}, 43_200)]
)
def test_life(app: Subscriber, asked: dict[str, float], given: int) -> None:
    """Under 45 minutes becomes 45; up to 43,200 minutes is as asked."""
    made = app.create(expirationDateTime=app.in_(**asked))

    assert made["expirationDateTime"][:19] == app.in_(minutes=given)[:19]


@pytest.mark.parametrize(
    ("properties", "code", "message"),
    [
        ({"changeType": None}, "InvalidRequest", "changeType is a required property"),
        ({"notificationUrl": None}, "InvalidRequest", "notificationUrl is a required property"),
        ({"resource": None}, "InvalidRequest", "resource is a required property"),
        ({"expirationDateTime": None}, "InvalidRequest", "expirationDateTime is a required property"),
        ({"expirationDateTime": "2026-12-01T12:00:00"}, "InvalidRequest", "Could not process"),
        ({"expirationDateTime": "2026-12-23T12:00:01Z"}, "ExtensionError", "can only be 43200 minutes"),
        ({"changeType": "created,renamed"}, "BadRequest", "Invalid changeType"),
        ({"clientState": "x" * 129}, "InvalidRequest", "128"),
        ({"clientState": 7}, "InvalidRequest", "Could not process"),
        ({"ClientState": "x"}, "InvalidRequest", "Could not process"),
        ({"notificationUrl": "http://app.test/"}, "InvalidRequest", "https"),
        ({"notificationUrl": "app.test"}, "InvalidRequest", "https"),
        ({"notificationUrl": "https://[app.test"}, "InvalidRequest", "https"),
        ({"lifecycleNotificationUrl": "http://127.0.0.2/"}, "InvalidRequest", "https"),
        ({"latestSupportedTlsVersion": "v0_9"}, "InvalidRequest", "latestSupportedTlsVersion"),
        ({"includeResourceData": True}, "InvalidRequest", "Resource data"),
    ],
    ids=str,
)
def test_bad_proposals(app: Subscriber, properties: dict[str, Any], code: str, message: str) -> None:
    """What cannot be is 400, before anybody is asked."""
    status, given, words = app.refused("POST", body=app.wanted(**properties))

    assert (status, given) == (400, code)
    assert message in words
    assert app.endpoint.validated == []


def test_good_limits(app: Subscriber) -> None:
    """128 characters, and plain http on this machine alone."""
    app.create(clientState="x" * 128, notificationUrl="http://127.0.0.1:7071/api/notifications")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_bodies_that_are_none(app: Subscriber, body: bytes) -> None:
    """No JSON object, no subscription."""
    assert app.refused("POST", body=body)[0] == 400


@pytest.mark.parametrize(
    "again",
    [{}, {"changeType": "updated,created"}, {"resource": "/security/alerts_v2"}, {"notificationUrl": f"{URL}/other"}],
    ids=str,
)
def test_duplicates(app: Subscriber, again: dict[str, Any]) -> None:
    """The same resource and changeType by the same app is a conflict that names the first one."""
    first = app.create()

    assert app.refused("POST", body=app.wanted(**again)) == (
        409,
        "Conflict",
        f"Subscription Id {first['id']} already exists for the requested combination",
    )


def test_not_duplicates(app: Subscriber) -> None:
    """Another changeType, resource or app is another subscription."""
    app.create()
    app.create(changeType="updated")
    app.create(resource=IPC)
    app.create(token=app.graph.issue_token(TENANT, app_id=OTHER_APP))


def test_another_apps_are_not_there(app: Subscriber) -> None:
    """List, GET, PATCH, DELETE and reauthorize know only the token's app's own."""
    own = app.create()["id"]
    other = app.graph.issue_token(TENANT, app_id=OTHER_APP)
    foreign = app.create(token=other)

    assert foreign["applicationId"] == OTHER_APP
    assert (app.listed(), app.listed(token=other)) == ([own], [foreign["id"]])
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/reauthorize")):
        assert app.refused(method, f"/{foreign['id']}{path}", {}) == (
            404,
            "ResourceNotFound",
            "The object was not found.",
        )
    assert app.listed(token=other) == [foreign["id"]]


def test_renewal(app: Subscriber, clock: Clock) -> None:
    """PATCH moves the end, by the same rules, and validates nothing."""
    made = app.create()
    clock.pass_(days=20)

    answer = app.ask("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=29)})

    assert answer.status == 200
    assert json.loads(answer.body) == made | {"clientState": None, "expirationDateTime": "2027-01-11T12:00:00.0000000Z"}
    assert len(app.endpoint.validated) == 2
    assert app.refused("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=31)})[1] == "ExtensionError"
    short = app.ask("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(minutes=1)})
    assert json.loads(short.body)["expirationDateTime"][:19] == app.in_(minutes=45)[:19]


def test_moving_the_endpoint(app: Subscriber) -> None:
    """A PATCH may name another notificationUrl, which is validated first."""
    made = app.create()
    moved = {"notificationUrl": f"{URL}/v2"}

    assert json.loads(app.ask("PATCH", f"/{made['id']}", moved).body)["notificationUrl"] == f"{URL}/v2"
    assert app.endpoint.validated[-1].startswith(f"{URL}/v2?")
    app.endpoint.validation = {"status": 500}
    assert app.refused("PATCH", f"/{made['id']}", {"notificationUrl": URL})[0] == 400
    assert json.loads(app.ask("GET", f"/{made['id']}").body)["notificationUrl"] == f"{URL}/v2"


@pytest.mark.parametrize(
    "change",
    [
        {"lifecycleNotificationUrl": LIFECYCLE_URL},
        {"clientState": "new"},
        {"resource": "security/alerts_v2", "expirationDateTime": "2026-12-01T12:00:00Z"},
        {"expirationDateTime": None},
        {"expirationDateTime": "soon"},
        {},
    ],
    ids=str,
)
def test_what_a_patch_cannot_change(app: Subscriber, change: dict[str, Any]) -> None:
    """Only the end and the notificationUrl can change."""
    made = app.create()

    assert app.refused("PATCH", f"/{made['id']}", change)[:2] == (400, "InvalidRequest")


def test_reauthorize(app: Subscriber) -> None:
    """204, and the end stays."""
    made = app.create()

    answer = app.ask("POST", f"/{made['id']}/reauthorize")

    assert (answer.status, answer.body) == (204, b"")
    assert json.loads(app.ask("GET", f"/{made['id']}").body)["expirationDateTime"] == made["expirationDateTime"]


def test_reauthorize_and_patch_within_ten_minutes(app: Subscriber, clock: Clock) -> None:
    """Graph warns of it; the simulator counts it."""
    made = app.create()
    renewal = {"expirationDateTime": app.in_(days=29)}
    app.ask("POST", f"/{made['id']}/reauthorize")
    clock.pass_(minutes=10)
    app.ask("PATCH", f"/{made['id']}", renewal)
    assert app.graph.notifier.register[made["id"]].conflicts == 0
    clock.pass_(minutes=9)
    app.ask("POST", f"/{made['id']}/reauthorize")
    assert app.graph.notifier.register[made["id"]].conflicts == 1


def test_delete(app: Subscriber) -> None:
    """204, once."""
    made = app.create()

    assert app.ask("DELETE", f"/{made['id']}").status == 204
    assert app.refused("DELETE", f"/{made['id']}")[0] == 404
    assert app.listed() == []
    app.create()


def test_the_end(app: Subscriber, clock: Clock) -> None:
    """An expired subscription vanishes without a word, and may be made again."""
    made = app.create(expirationDateTime=app.in_(hours=1))
    clock.pass_(minutes=59)
    assert app.listed() == [made["id"]]
    clock.pass_(minutes=1)

    assert app.listed() == []
    assert app.refused("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=1)})[0] == 404
    app.create()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("SecurityEvents.ReadWrite.All", {"security/alerts_v2", IPC}),
        ("SecurityAlert.Read.All", {"security/alerts_v2"}),
        ("SecurityAlert.ReadWrite.All", {"security/alerts_v2"}),
        ("SecurityEvents.Read.All", set()),
        ("SecurityIncident.ReadWrite.All", set()),
    ],
)
def test_roles(app: Subscriber, role: str, allowed: set[str]) -> None:
    """Legacy alerts want SecurityEvents.ReadWrite.All; for alerts_v2 whoever reads them will do."""
    token = app.graph.issue_token(TENANT, [role])
    statuses = {
        resource: app.ask("POST", body=app.wanted(resource=resource), token=token).status
        for resource in ("security/alerts_v2", IPC)
    }

    assert statuses == {resource: 201 if resource in allowed else 403 for resource in statuses}


def test_renewing_wants_the_role_too(app: Subscriber) -> None:
    """PATCH and reauthorize without a role are 403; looking and deleting are the app's own business."""
    made = app.create()
    poor = app.graph.issue_token(TENANT, [])

    assert app.refused("PATCH", f"/{made['id']}", {"expirationDateTime": app.in_(days=1)}, token=poor)[0] == 403
    assert app.refused("POST", f"/{made['id']}/reauthorize", token=poor)[:2] == (403, "ExtensionError")
    assert app.listed(token=poor) == [made["id"]]
    assert app.ask("DELETE", f"/{made['id']}", token=poor).status == 204


def test_no_token(app: Subscriber) -> None:
    """401 as everywhere."""
    assert app.refused("GET", token="nobody")[:2] == (401, "InvalidAuthenticationToken")  # noqa: S106


def test_other_methods_and_paths(app: Subscriber) -> None:
    """405 for a method, 400 for a segment that Graph does not know, 404 for an id."""
    made = app.create()["id"]

    assert app.refused("DELETE")[0] == app.refused("PUT", f"/{made}")[0] == 405
    assert app.refused("GET", f"/{made}/reauthorize")[0] == 405
    assert app.refused("GET", f"/{made}/authorise")[:2] == (400, "BadRequest")
    assert app.refused("GET", "/none")[0] == 404
    assert app.refused("GET", "?$filter=id eq 'x'")[0] == 400
    assert app.refused("GET", "?$skiptoken=x")[0] == 400


def test_listing_is_throttled(app: Subscriber, clock: Clock) -> None:
    """25 lists in 20 seconds, per app; reading one by one has a budget of its own."""
    made = app.create()["id"]
    for _ in range(25):
        assert app.ask("GET").status == 200
    clock.pass_(seconds=5)

    refused = app.ask("GET")

    assert (refused.status, refused.headers["Retry-After"]) == (429, "15")
    assert app.ask("GET", f"/{made}").status == 200
    assert app.ask("GET", token=app.graph.issue_token(TENANT, app_id=OTHER_APP)).status == 200
    clock.pass_(seconds=15)
    assert app.ask("GET").status == 200


def test_throttling_can_be_lifted(app: Subscriber) -> None:
    """A switch."""
    app.graph.faults.subscriptions.throttled = False

    assert {app.ask("GET").status for _ in range(100)} == {200}


def test_pages(app: Subscriber) -> None:
    """A switch lets the list come in pages."""
    made = [app.create(resource=f"security/alerts_v2/{n}")["id"] for n in range(5)]
    app.graph.faults.subscriptions.page_size = 2
    first = json.loads(app.ask("GET").body)
    assert first["@odata.nextLink"] == "http://graph.test/v1.0/subscriptions?$skiptoken=2"

    assert app.listed() + app.listed("?$skiptoken=2") + app.listed("?$skiptoken=4") == made
    assert "@odata.nextLink" not in json.loads(app.ask("GET", "?$skiptoken=4").body)


def test_quota(app: Subscriber) -> None:
    """A switch: beyond it 403, with the limit in the message."""
    app.graph.faults.subscriptions.quota = 1
    app.create()

    status, _, message = app.refused("POST", body=app.wanted(resource=IPC))

    assert status == 403
    assert "'1'" in message


def test_refused_validation(app: Subscriber) -> None:
    """A switch: whatever the endpoint would have said."""
    app.graph.faults.subscriptions.refuse_validation = True

    assert app.refused("POST", body=app.wanted())[:2] == (400, "ValidationError")
    assert app.endpoint.validated == []


def test_outage(app: Subscriber) -> None:
    """A switch: everything about subscriptions fails; lists of alerts do not."""
    app.graph.faults.subscriptions.outage = 503

    assert app.refused("GET")[:2] == app.refused("POST", body=app.wanted())[:2] == (503, "serviceNotAvailable")
