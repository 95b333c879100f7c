"""The simulator's answers against Graph's own OpenAPI description."""

import json
from typing import Any

import pytest

from local.simulator.products import LEGACY_PRODUCTS, PRODUCTS
from local.simulator.sources import SOURCES
from tests.simulator import openapi
from tests.simulator.client import ALL_MEMBERS, Client
from tests.simulator.conftest import NOON
from tests.simulator.subscriber import Endpoint, Subscriber

ITEM_KEYS = {
    "alerts_v2": "{alert-id}",
    "incidents": "{incident-id}",
    "alerts": "{alert-id}",
    "secureScores": "{secureScore-id}",
    "secureScoreControlProfiles": "{secureScoreControlProfile-id}",
}


@pytest.mark.parametrize("headers", [{}, ALL_MEMBERS], ids=["masked", "all members"])
@pytest.mark.parametrize("source", SOURCES)
def test_lists_match_the_description(full: Client, source: str, headers: dict[str, str]) -> None:
    """Every list answer is one that Graph's description allows, with and without hidden enum members."""
    check = openapi.validator(f"/security/{source}")
    full.tenant[source].change(20, seed=3, at=NOON)
    full.tenant[source].change(20, seed=4, at=NOON)

    page = full.get(source, headers=headers, top=50, count="true")

    check.validate(page)
    assert page["value"]


@pytest.mark.parametrize("source", SOURCES)
def test_items_match_the_description(full: Client, source: str) -> None:
    """Every item answer is one that Graph's description allows, and says what the list says."""
    check = openapi.validator(f"/security/{source}/{ITEM_KEYS[source]}")
    listed = full.get(source, top=1)["value"][0]

    item = full.get(f"{source}/{listed['id']}")

    check.validate(item)
    assert item.pop("@odata.context").endswith(f"#security/{source}/$entity")
    assert item == listed


def test_every_product_is_valid_in_alerts_v2(client: Client) -> None:
    """Each product's alerts validate, the members behind unknownFutureValue included."""
    for product in PRODUCTS:
        client.tenant["alerts_v2"].create(NOON, product=product.name)

    page = client.get("alerts_v2", headers=ALL_MEMBERS)

    openapi.validator("/security/alerts_v2").validate(page)
    described = openapi.document()["components"]["schemas"]["microsoft.graph.security.serviceSource"]["enum"]
    assert {row["serviceSource"] for row in page["value"]} == set(described) - {"unknown", "unknownFutureValue"}


def test_every_provider_is_valid_in_legacy_alerts(client: Client) -> None:
    """Each provider's legacy alerts validate."""
    for product in LEGACY_PRODUCTS:
        client.tenant["alerts"].create(NOON, product=product.name)

    page = client.get("alerts")

    openapi.validator("/security/alerts").validate(page)
    assert {row["vendorInformation"]["provider"] for row in page["value"]} >= {
        "ASC",
        "IPC",
        "MCAS",
        "Microsoft Defender ATP",
        "Azure Advanced Threat Protection",
        "Azure Sentinel",
    }
    assert len(page["value"]) == len(LEGACY_PRODUCTS)


def test_errors_match_the_description(client: Client) -> None:
    """Every kind of refusal has Graph's error body."""
    check = openapi.validator("/security/alerts_v2", "default")
    for answer in (
        client.send("alerts_v2/none"),
        client.send("alerts_v2", filter="title eq 'x'"),
        client.send("alerts_v2", headers={"authorization": ""}),
        client.send("alerts_v2", "DELETE"),
        client.send("nothing"),
    ):
        check.validate(json.loads(answer.body))


WRITES: list[tuple[str, dict[str, Any]]] = [
    (
        "alerts_v2",
        {
            "status": "resolved",
            "classification": "truePositive",
            "determination": "compromisedUser",
            "assignedTo": "x",
            "customDetails": {"ticket": "4711"},
        },
    ),
    ("incidents", {"status": "redirected", "customTags": ["x"], "severity": "low", "summary": "x"}),
    ("alerts", {"status": "resolved", "feedback": "truePositive", "closedDateTime": "2026-11-23T12:00:00Z"}),
    ("secureScoreControlProfiles", {"state": "Reviewed", "comment": "x", "assignedTo": ""}),
]


@pytest.mark.parametrize(("source", "change"), WRITES, ids=[source for source, _ in WRITES])
def test_writes_match_the_description(full: Client, source: str, change: dict[str, Any]) -> None:
    """What a PATCH answers is of the type, whose change is sent as the type has it, and so is a refusal."""
    path = f"/security/{source}/{ITEM_KEYS[source]}"
    record = next(row for row in full.get(source, top=50)["value"] if _updatable(row))
    if "vendorInformation" in record:
        change = change | {"vendorInformation": record["vendorInformation"]}
    wanted = {"prefer": f"{ALL_MEMBERS['prefer']}, return=representation"}

    answer = full.send(f"{source}/{record['id']}", "PATCH", wanted, body=change)
    refused = full.send(f"{source}/{record['id']}", "PATCH", wanted, body={"unheardOf": 1})

    openapi.validator(path, "200", "patch").validate(json.loads(answer.body))
    openapi.validator(path, "default", "patch").validate(json.loads(refused.body))
    assert (answer.status, refused.status) == (200, 400)
    responses = openapi.document()["paths"][path]["patch"]["responses"]
    assert full.send(f"{source}/{record['id']}", "PATCH", body=change).status == (204 if "204" in responses else 200)


def _updatable(row: dict[str, Any]) -> bool:
    provider = row.get("vendorInformation", {"provider": None})["provider"]
    return not row["id"].startswith("scid_") and provider in {None, "IPC", "SecureScore"}


@pytest.mark.parametrize("source", ["alerts_v2", "incidents"])
def test_comments_match_the_description(full: Client, source: str) -> None:
    """The answer to a comment is a collection of alertComment."""
    record = full.get(source, top=1)["value"][0]["id"]

    answer = full.send(f"{source}/{record}/comments", "POST", body={"comment": "x"})

    path = f"/security/{source}/{ITEM_KEYS[source]}/comments"
    openapi.validator(path, "200", "post").validate(json.loads(answer.body))
    openapi.type_validator("security.alertComment").validate(json.loads(answer.body)["value"][-1])
    assert answer.status == 200


@pytest.mark.parametrize(
    "damage",
    [
        {"serviceSource": "microsoftDefenderForToasters"},
        {"id": 7},
        {"createdDateTime": "yesterday"},
        {"unheardOf": 1},
        {"evidence": [{"@odata.type": "#microsoft.graph.security.userEvidence", "unheardOf": 1}]},
        {"evidence": [{"verdict": "malicious"}]},
        {"classification": "unheardOf"},
        {"comments": None},
    ],
    ids=str,
)
def test_the_check_itself_finds_damage(client: Client, damage: dict[str, object]) -> None:
    """A wrong enum member, type, timestamp, property or evidence is found, so the tests above mean something."""
    client.tenant["alerts_v2"].create(NOON)
    page = client.get("alerts_v2")
    page["value"][0] |= damage

    with pytest.raises(openapi.Mismatch):
        openapi.validator("/security/alerts_v2").validate(page)


def test_subscriptions_match_the_description(app: Subscriber) -> None:
    """Made, listed, read, renewed and refused subscriptions are ones that Graph's description allows."""
    one = "/subscriptions/{subscription-id}"
    made = app.create()
    path, renewal = f"/{made['id']}", {"expirationDateTime": app.in_(days=2)}

    openapi.validator("/subscriptions", "201", "post").validate(made)
    openapi.validator("/subscriptions").validate(json.loads(app.ask("GET").body))
    openapi.validator(one).validate(json.loads(app.ask("GET", path).body))
    openapi.validator(one, "200", "patch").validate(json.loads(app.ask("PATCH", path, renewal).body))
    openapi.validator(one, "default", "patch").validate(json.loads(app.ask("PATCH", path, {}).body))
    openapi.validator("/subscriptions", "default", "post").validate(json.loads(app.ask("POST", body={}).body))
    described = openapi.document()["paths"]
    assert "204" in described[one]["delete"]["responses"]
    assert "204" in described[f"{one}/reauthorize"]["post"]["responses"]


def test_what_is_asked_matches_the_description(app: Subscriber) -> None:
    """The bodies with which the other tests subscribe are subscriptions."""
    openapi.type_validator("subscription").validate(app.wanted())


def test_notifications_match_the_description(app: Subscriber, endpoint: Endpoint) -> None:
    """Change notifications are of Graph's type, lifecycle notifications of what it documents beside it."""
    made = app.create()
    app.tenant["alerts_v2"].create(NOON)
    app.graph.notifier.send_lifecycle(made["id"], "missed")
    app.graph.deliver()

    check = openapi.type_validator("changeNotificationCollection")
    for call in endpoint.calls:
        check.validate({"value": call["items"]})
    assert {"missed"} == {item["lifecycleEvent"] for item in endpoint.items if "lifecycleEvent" in item}
    with pytest.raises(openapi.Mismatch):
        check.validate({"value": [endpoint.items[0] | {"changeType": "renamed"}]})
