"""The simulator's answers against Graph's own OpenAPI description."""

import json

import pytest

from local.simulator.products import LEGACY_PRODUCTS, PRODUCTS
from local.simulator.sources import SOURCES
from tests.simulator import openapi
from tests.simulator.client import ALL_MEMBERS, Client
from tests.simulator.conftest import NOON

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
