"""Legacy alerts: each provider is asked on its own."""

from local.simulator.products import LEGACY_PRODUCTS
from tests.simulator.client import Client, ids

ASCENDING = "lastModifiedDateTime asc"


def test_top_counts_per_provider(full: Client) -> None:
    """$top returns the aggregated top results from each provider, merged in order."""
    page = full.get("alerts", top=3, orderby=ASCENDING)

    times = [row["lastModifiedDateTime"] for row in page["value"]]
    providers = [row["vendorInformation"]["provider"] for row in page["value"]]
    assert times == sorted(times)
    assert {provider: providers.count(provider) for provider in providers} == {
        product.provider: 3 for product in LEGACY_PRODUCTS
    }


def test_pages_bring_every_alert_once(full: Client) -> None:
    """The link carries each provider's own position."""
    whole = [revision.id for revision in full.tenant["alerts"].current()]

    rows = [row for page in full.pages("alerts", top=7, orderby=ASCENDING) for row in ids(page)]

    assert sorted(rows) == sorted(whole)
    assert len(rows) == 400


def test_a_page_is_not_everything_up_to_its_last_timestamp(full: Client) -> None:
    """A busy provider's top ends earlier than a quiet one's: asking on from the page's last timestamp loses rows."""
    alerts = full.tenant["alerts"]
    for second in range(20):
        alerts.create(f"2026-10-01T00:00:{second:02}Z", product="IPC")
    first = full.get("alerts", top=5, orderby=ASCENDING)["value"]

    last = first[-1]["lastModifiedDateTime"]
    earlier = full.get("alerts", top=1000, filter=f"lastModifiedDateTime lt {last}")["value"]

    assert set(ids(earlier)) - set(ids(first))


def test_the_provider_filter_asks_one(full: Client) -> None:
    """Every keyword of the documentation selects its provider."""
    rows = full.get("alerts", filter="vendorInformation/provider eq 'Azure Sentinel'", top=1000)["value"]

    assert len(rows) == 50
    assert {row["vendorInformation"]["provider"] for row in rows} == {"Azure Sentinel"}


def test_office_365_has_no_keyword(full: Client) -> None:
    """Office 365 alerts are listed, but no filter selects them."""
    rows = full.get("alerts", top=1)["value"]
    provider = next(p.provider for p in LEGACY_PRODUCTS if not p.filter_keyword)

    assert provider in {row["vendorInformation"]["provider"] for row in rows}
    assert full.get("alerts", filter=f"vendorInformation/provider eq '{provider}'")["value"] == []
