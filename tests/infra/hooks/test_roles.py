"""Which permissions are needed."""

import pytest

from infra.hooks.roles import ever_needed, needed, unknown
from shared.setting_forms import WantedSubscription
from shared.settings import Settings

LEGACY = WantedSubscription("security/alerts?$filter=vendorInformation/provider eq 'IPC'", "updated")


def values(sources: str, *, updates: bool = False, subscriptions: tuple[WantedSubscription, ...] = ()) -> list[str]:
    """The names alone."""
    return [role.value for role in needed(sources.split(","), updates=updates, subscriptions=subscriptions)]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("alerts_v2", ["SecurityAlert.Read.All", "SecurityEvents.Read.All"]),
        ("incidents", ["SecurityEvents.Read.All", "SecurityIncident.Read.All"]),
        ("alerts", ["SecurityEvents.Read.All"]),
        (
            "alerts_v2,incidents,alerts",
            ["SecurityAlert.Read.All", "SecurityEvents.Read.All", "SecurityIncident.Read.All"],
        ),
    ],
)
def test_reading_needs_the_least(sources: str, expected: list[str]) -> None:
    """Each source's permission, and the scores' and profiles' always."""
    assert values(sources) == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("alerts_v2", ["SecurityAlert.ReadWrite.All", "SecurityEvents.ReadWrite.All"]),
        ("incidents", ["SecurityEvents.ReadWrite.All", "SecurityIncident.ReadWrite.All"]),
        ("alerts", ["SecurityEvents.ReadWrite.All"]),
    ],
)
def test_updates_write_in_place_of_reading(sources: str, expected: list[str]) -> None:
    """By Graph's pages on updates: the ReadWrite permission of the same name, never both."""
    assert values(sources, updates=True) == expected


def test_a_subscription_to_legacy_alerts_needs_to_write() -> None:
    """Graph's page on subscriptions names no lesser one, and it reads scores and legacy alerts as well."""
    assert values("alerts_v2", subscriptions=(LEGACY,)) == ["SecurityAlert.Read.All", "SecurityEvents.ReadWrite.All"]
    assert values("alerts_v2", subscriptions=(WantedSubscription("Security/Alerts/4711", "updated"),))[1].endswith(
        ".ReadWrite.All"
    )


def test_a_subscription_to_alerts_v2_needs_nothing_more() -> None:
    """None is documented; what reads them must do."""
    assert values("alerts_v2", subscriptions=Settings.subscriptions) == values("alerts_v2")


def test_each_says_what_for() -> None:
    """A merged one for all that it does."""
    reasons = {role.value: role.reasons for role in needed(["alerts"], updates=False, subscriptions=(LEGACY,))}
    assert reasons == {
        "SecurityEvents.ReadWrite.All": (
            "reads alerts",
            "reads secureScores",
            "reads secureScoreControlProfiles",
            "subscribes to legacy alerts",
        )
    }
    (only,) = needed(["alerts"], updates=True)
    assert only.reasons == (
        "reads secureScores",
        "reads and updates alerts",
        "reads and updates secureScoreControlProfiles",
    )


def test_all_that_is_ever_needed() -> None:
    """The script grants no other one."""
    assert ever_needed() == (
        "SecurityAlert.Read.All",
        "SecurityAlert.ReadWrite.All",
        "SecurityEvents.Read.All",
        "SecurityEvents.ReadWrite.All",
        "SecurityIncident.Read.All",
        "SecurityIncident.ReadWrite.All",
    )


def test_resources_beyond_security_are_named() -> None:
    """What subscribing to them needs is not known here."""
    users = WantedSubscription("users", "updated")
    assert unknown([LEGACY, users, *Settings.subscriptions]) == ("users",)
