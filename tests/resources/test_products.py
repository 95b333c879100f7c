"""What an update does for each product, as the person who asks is told."""

import pytest

from shared.graph.products import product_name
from shared.resources.products import LEGACY, Reach, effect
from shared.resources.rules import ALERTS, ALERTS_V2, INCIDENTS, PROFILES
from tests.resources.updated import Updated
from tests.test_docs import README, rows, words

TABLE = {row[0].rstrip(" ³"): (words(row[1])[0], words(row[2]), row[4]) for row in rows(README, "product")}
"""Product -> serviceSource, legacy provider, what an update of a legacy alert does."""


@pytest.mark.parametrize("product", TABLE)
def test_each_product_is_told_as_the_readme_has_it(product: str) -> None:
    """The table of the README and the app's words are one."""
    source, provider, told = TABLE[product]
    assert product_name(source) == product
    assert effect(ALERTS_V2, {"serviceSource": source}).startswith(f"{product}: Graph updates the alerts of every")
    reach = {"yes": Reach.PRODUCT, "yes ¹": Reach.INSIDE_GRAPH, "no": Reach.REFUSED, "no ²": Reach.REFUSED}
    if provider:
        assert LEGACY[provider[0]] == (product, reach[told])
        vendor = {"vendorInformation": {"provider": provider[0], "vendor": "Microsoft"}}
        assert effect(ALERTS, vendor) == f"{product}: {reach[told]}"


def test_products_without_a_filter_keyword() -> None:
    """Office 365 by the beginning of its name; whoever else is not known is said not to be."""
    office = {"vendorInformation": {"provider": "Office 365 Security and Compliance"}}
    assert effect(ALERTS, office) == f"Microsoft Defender for Office 365: {Reach.REFUSED}"
    assert TABLE["Microsoft Defender for Office 365"][2] == "no"
    assert effect(ALERTS, {"vendorInformation": {"provider": "Another"}}) == f"Another: {Reach.UNKNOWN}"
    assert TABLE["Microsoft Purview (data loss prevention)"][2] == "unknown ²"


@pytest.mark.parametrize("record", [{}, {"vendorInformation": None}, {"vendorInformation": {"provider": 1}}])
def test_a_record_without_a_product(record: dict[str, object]) -> None:
    """Nothing is claimed."""
    assert effect(ALERTS, record) == f"a product that Graph does not name: {Reach.UNKNOWN}"
    assert effect(ALERTS_V2, record).startswith("a product that Graph does not name: ")
    assert "microsoftNew: " in effect(ALERTS_V2, {"serviceSource": "microsoftNew"})
    assert effect(INCIDENTS, record).startswith("Microsoft Defender XDR: ")
    assert "not documented" in effect(PROFILES, record)


@pytest.mark.parametrize("provider", LEGACY)
def test_what_is_told_of_a_product_is_what_graph_does(provider: str) -> None:
    """Graph refuses where it is said to refuse, and nowhere else; the answer tells, either way."""
    product, reach = LEGACY[provider]
    world = Updated(provider)
    status, answer = world.patch("alerts", {"status": "resolved"})
    assert answer["effect"] == f"{product}: {reach}"
    assert (status == 400) == (reach is Reach.REFUSED)
    assert world.record("alerts")["status"] == "resolved" or reach is Reach.REFUSED
