"""What is to be done, as a table."""

import pytest

from shared import instants
from shared.instants import DAY, HOUR
from shared.subscriptions.plan import LIFE, Actual, Create, Delete, Endpoint, Known, Renew, Step, Wanted, expiry, plan

NOW = instants.from_text("2026-11-23T12:00:00Z")
URL = "https://app.test/api/notifications?code=key"
LIFECYCLE = "https://app.test/api/lifecycle?code=key"
HERE = Endpoint(URL, LIFECYCLE, "made", "url")
ALERTS = Wanted("security/alerts_v2", "created,updated")


def actual(
    name: str = "a",
    *,
    resource: str = "security/alerts_v2",
    kinds: str = "created,updated",
    url: str = URL,
    left: int = LIFE,
) -> Actual:
    return Actual(name, resource, kinds, url, NOW + left)


@pytest.mark.parametrize(
    ("there", "steps"),
    [
        ([], [Create(ALERTS)]),
        ([actual()], []),
        ([actual(left=LIFE // 3)], []),
        ([actual(left=LIFE // 3 - 1)], [Renew("a", ALERTS, moved=False)]),
        ([actual(left=HOUR)], [Renew("a", ALERTS, moved=False)]),
        ([actual(left=0)], [Delete("a"), Create(ALERTS)]),
        ([actual(resource="/Security/Alerts_v2", kinds="updated, created")], []),
        ([actual(url="https://app.test/api/notifications")], []),  # Graph may list it in another form
        ([actual("moved")], [Renew("moved", ALERTS, moved=True)]),
        ([actual("b")], [Delete("b"), Create(ALERTS)]),  # made with another clientState, or by nobody knows whom
        ([actual(left=DAY), actual("a2", left=LIFE)], [Delete("a")]),
        ([actual(), actual("c", resource="security/incidents")], [Delete("c")]),
        ([actual("d", kinds="created")], [Delete("d"), Create(ALERTS)]),
        ([actual("d", resource="security%2Falerts_v2", kinds="created,updated")], [Delete("d"), Create(ALERTS)]),
        ([actual("x", url="https://other.test/api/notifications")], [Create(ALERTS)]),
        ([actual("x", url="https://app.test.evil/api/notifications")], [Create(ALERTS)]),
        ([actual("x", url="https://app.test/api/else", resource="users")], [Create(ALERTS)]),
    ],
)
def test_the_steps_to_the_wanted_state(there: list[Actual], steps: list[Step]) -> None:
    """Create, renew in the last third, recreate, remove our duplicates; never touch another's."""
    known = {
        "a": Known(ALERTS, "made", "url"),
        "a2": Known(ALERTS, "made", "url"),
        "b": Known(ALERTS, "made before", "url"),
        "moved": Known(ALERTS, "made", "url before"),
    }
    assert plan([ALERTS], there, known, {}, HERE, NOW) == steps


@pytest.mark.parametrize(("ago", "steps"), [(0, []), (DAY - 1, []), (DAY, [Create(ALERTS)])])
def test_a_refused_resource_is_tried_once_a_day(ago: int, steps: list[Step]) -> None:
    """Graph does not change its mind within minutes."""
    assert plan([ALERTS], [], {}, {ALERTS: NOW - ago}, HERE, NOW) == steps


def test_the_life_that_is_asked_for_is_one_that_graph_grants() -> None:
    """At most 43,200 minutes for security alerts."""
    assert instants.from_text(expiry(NOW)) - NOW <= 43_200 * instants.MINUTE
