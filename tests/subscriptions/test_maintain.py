"""Subscriptions that never die silently."""

from contextlib import suppress
from random import Random

import pytest

from local.simulator.faults import Scripted
from local.simulator.wire import Request
from shared import instants
from shared.errors import AppError, GraphRefused, GraphUnavailable
from shared.subscriptions import health, lifecycle, state
from shared.subscriptions.plan import Wanted
from shared.webhooks.messages import Message
from tests.simulated import TENANT
from tests.subscriptions.tended import ALERTS, LIFECYCLE_URL, URL, Tended

HOUR_S = 3600
DAYS = 60


def test_the_first_run_makes_it_and_the_next_one_leaves_it() -> None:
    """Made once, validated by Graph, with our webhook awake, and followed by a bell."""
    tended = Tended()
    tended.run()
    tended.run()
    assert len(tended.alive()) == 1
    assert tended.warmed == [URL, LIFECYCLE_URL]
    assert tended.bells == 1


@pytest.mark.parametrize("seed", range(6))
def test_over_sixty_days_it_is_alive_at_every_hour(seed: int) -> None:
    """Also when renewals fail for a day, when Graph forgets it, and when two maintainers run at once."""
    dice, tended = Random(seed), Tended()
    tended.run()
    faults = tended.graph.faults.subscriptions
    failing_until, forgotten = 0, False
    for hour in range(DAYS * 24):
        tended.clock.advance(HOUR_S)
        if hour >= failing_until and dice.random() < 0.02:
            failing_until = hour + 24
        faults.outage = 503 if hour < failing_until else None
        if dice.random() < 0.01:
            forgotten = True
            for one in tended.alive():
                tended.graph.notifier.register.remove(one)
        for _ in range(dice.choice([1, 1, 2])):
            with suppress(AppError):
                tended.run()
        forgotten = forgotten and faults.outage is not None
        # Only while Graph answers nothing can what it forgot not be made anew.
        assert len(tended.alive()) == (0 if forgotten else 1)


def test_two_maintainers_at_once_make_one_subscription() -> None:
    """The second one finds the first at work, and leaves it alone."""
    tended = Tended()
    other: list[object] = []

    def meanwhile(_: str) -> None:
        other.append(tended.run())

    tended.maintenance(warm=meanwhile).run()
    assert other == [None, None]
    assert len(tended.alive()) == 1
    assert tended.bells == 1


def test_a_renewal_that_fails_for_a_day_is_in_time_later() -> None:
    """The last third of its life leaves more than nine days."""
    tended = Tended()
    tended.run()
    tended.clock.advance(20 * 24 * HOUR_S)
    tended.graph.faults.subscriptions.outage = 503
    with pytest.raises(GraphUnavailable):
        tended.run()
    assert tended.memory().failure
    tended.clock.advance(24 * HOUR_S)
    tended.graph.faults.subscriptions.outage = None
    tended.run()
    assert tended.memory().failure == ""
    tended.clock.advance(20 * 24 * HOUR_S)
    assert len(tended.alive()) == 1
    assert tended.bells == 1


def test_one_that_died_is_made_anew_and_rings_the_bell() -> None:
    """What changed meanwhile went unnoticed."""
    tended = Tended()
    tended.run()
    tended.graph.notifier.register.remove(tended.alive()[0])
    tended.run()
    assert len(tended.alive()) == 1
    assert tended.bells == 2


def test_one_that_is_forgotten_while_it_is_renewed_is_made_anew() -> None:
    """404 on renewal must recreate, not fail until the next hour."""
    tended = Tended()
    tended.run()
    tended.clock.advance(25 * 24 * HOUR_S)

    def forget(request: Request) -> None:
        if request.method == "PATCH":
            tended.graph.notifier.register.remove(tended.alive()[0])

    tended.graph.on_request = forget
    tended.run()
    assert len(tended.alive()) == 1
    assert tended.bells == 2


def test_a_new_secret_replaces_the_subscription_at_once() -> None:
    """Graph cannot change a clientState, and allows one subscription a resource; the old secret counts meanwhile."""
    tended = Tended()
    tended.run()
    (before,) = tended.alive()
    tended.secrets = ["second secret", "first secret"]
    tended.run()
    (after,) = tended.alive()
    assert before != after
    assert tended.bells == 2
    tended.graph.tenants[TENANT]["alerts_v2"].create(instants.to_text(tended.now))
    tended.graph.deliver()
    assert tended.received == 1


def test_a_new_function_key_is_told_to_graph_without_a_gap() -> None:
    """The notification URL can be changed in place; the lifecycle URL cannot."""
    tended = Tended()
    tended.run()
    (before,) = tended.alive()
    tended.url = "https://app.test/api/notifications?code=new"
    tended.run()
    assert tended.alive() == [before]
    tended.lifecycle_url = "https://app.test/api/lifecycle?code=new"
    tended.run()
    assert before not in tended.alive()
    assert len(tended.alive()) == 1


def test_others_subscriptions_are_left_alone() -> None:
    """Another deployment of the same app posts elsewhere."""
    tended = Tended()
    elsewhere = tended.maintenance(
        notification_url="https://other.test/api/notifications",
        lifecycle_url="https://other.test/api/lifecycle",
    )
    legacy = Wanted("security/alerts?$filter=vendorInformation/provider eq 'IPC'", "updated")
    made = elsewhere.graph.create(legacy, elsewhere.endpoint(), "theirs", tended.now)
    tended.run()
    tended.wanted = []
    tended.run()
    assert tended.alive() == [made.id]


def test_a_refused_resource_shows_graphs_words_and_is_tried_once_a_day() -> None:
    """It harms no other, and is no alarm."""
    tended = Tended()
    tended.wanted = [Wanted("security/alerts", "updated"), ALERTS]
    for _ in range(23):
        tended.run()
        tended.clock.advance(HOUR_S)
    refused, alive = tended.memory().subscriptions
    assert "too wide" in refused.message
    assert alive.id in tended.alive()
    asked: list[str] = []
    tended.graph.on_request = lambda request: asked.append(request.method)
    tended.run()
    assert "POST" not in asked
    tended.clock.advance(2 * HOUR_S)
    tended.run()
    assert asked.count("POST") == 1
    healthy, shown = health.report(tended.memory(), tended.wanted, None, [], tended.now)
    assert healthy
    states = [one["state"] for one in shown["subscriptions"]]  # type: ignore[attr-defined]
    assert states == ["refused", "alive"]


@pytest.mark.parametrize("provider", ["IPC", "MCAS", "ASC", "Azure Advanced Threat Protection", "Azure Sentinel"])
def test_legacy_alerts_are_subscribed_to_by_provider(provider: str) -> None:
    """One resource for each product that Graph offers it for."""
    tended = Tended()
    tended.wanted = [Wanted(f"security/alerts?$filter=vendorInformation/provider eq '{provider}'", "updated")]
    tended.run()
    tended.run()
    assert len(tended.alive()) == 1


@pytest.mark.parametrize("provider", ["Microsoft Defender ATP", "Office 365 Security and Compliance"])
def test_products_that_cannot_be_subscribed_to_are_refused(provider: str) -> None:
    """In Graph's own words, kept for status."""
    tended = Tended()
    tended.wanted = [Wanted(f"security/alerts?$filter=vendorInformation/provider eq '{provider}'", "updated")]
    tended.run()
    assert tended.alive() == []
    assert tended.memory().subscriptions[0].message


def test_a_create_whose_answer_is_lost_is_mended_by_the_next_run() -> None:
    """Nobody knows what it was made with: it is removed and made anew."""
    tended = Tended()
    answer = tended.graph.answer
    lost: list[object] = []

    def lose(request: object) -> object:
        given = answer(request)  # type: ignore[arg-type]
        if request.method == "POST" and not lost:  # type: ignore[attr-defined]
            lost.append(given)
            raise ConnectionResetError
        return given

    tended.graph.answer = lose  # type: ignore[method-assign, assignment]
    with pytest.raises(GraphUnavailable):
        tended.run()
    tended.run()
    assert len(tended.alive()) == 1
    assert tended.memory().subscriptions[0].id == tended.alive()[0]


def note(tended: Tended, event: str) -> Message:
    subscription = tended.memory().subscriptions[0].id
    return Message(kind="lifecycle", received="now", tenantId=TENANT, subscriptionId=subscription, lifecycleEvent=event)


def test_reauthorization_renews() -> None:
    """A single PATCH does both; reauthorize beside it could make the subscription inconsistent."""
    tended = Tended()
    tended.run()
    tended.clock.advance(24 * HOUR_S)
    before = next(iter(tended.graph.notifier.register)).expires
    asked: list[str] = []
    tended.graph.on_request = lambda request: asked.append(request.method)
    m = tended.maintenance()
    assert lifecycle.act(note(tended, "reauthorizationRequired"), m.graph, m) is False
    assert next(iter(tended.graph.notifier.register)).expires > before
    assert asked == ["PATCH"]


def test_reauthorization_of_one_that_is_gone_makes_it_anew() -> None:
    """404 on renewal must recreate."""
    tended = Tended()
    tended.run()
    told = note(tended, "reauthorizationRequired")
    tended.graph.notifier.register.remove(tended.alive()[0])
    m = tended.maintenance()
    lifecycle.act(told, m.graph, m)
    assert len(tended.alive()) == 1


@pytest.mark.parametrize("event", ["subscriptionRemoved", "missed", "somethingNew"])
def test_lost_changes_ring_the_bell(event: str) -> None:
    """A removed one is made anew; what is missed, or not known, is looked for by a scan."""
    tended = Tended()
    tended.run()
    told = note(tended, event)
    if event == "subscriptionRemoved":
        tended.graph.notifier.register.remove(tended.alive()[0])
    m = tended.maintenance()
    assert lifecycle.act(told, m.graph, m) is True
    assert len(tended.alive()) == 1


def test_a_refused_permission_is_remembered() -> None:
    """Status tells why nothing is maintained; the next run clears it."""
    tended = Tended()
    tended.graph.faults.subscriptions.script = [Scripted(403)]
    with pytest.raises(GraphRefused):
        tended.run()
    assert "403" in tended.memory().failure


NOON = "2026-11-23T12:00:00.0000000Z"


def at(hour: int) -> str:
    return f"2026-11-23T{hour:02}:00:00.0000000Z"


@pytest.mark.parametrize(
    ("news", "notified", "silent"),
    [
        ([], None, False),
        ([at(3)], None, False),
        ([at(3), at(5)], None, False),
        ([at(3), at(6)], None, True),
        ([at(3), at(6), at(9)], at(8), False),
        ([at(3), at(6), at(9), at(11)], at(4), True),
        ([at(3), at(4), at(5), at(6)], at(7), False),
    ],
)
def test_silence_is_changes_for_hours_without_a_notification(
    news: list[str],
    notified: str | None,
    silent: bool,  # noqa: FBT001
) -> None:
    """One change that polling sees first is no silence."""
    one = state.Subscribed(resource=ALERTS.resource, change_type=ALERTS.change_type, id="a", made=at(1), expires=at(23))
    memory = state.Memory(subscriptions=[one])
    healthy, shown = health.report(memory, [ALERTS], notified, news, instants.from_text(NOON))
    assert (healthy, shown["silent"]) == (not silent, silent)


def test_only_what_once_existed_can_be_lost() -> None:
    """A subscription that never was is missing, and no alarm; one that was and is not any more is."""
    never = state.Memory(subscriptions=[state.Subscribed(resource=ALERTS.resource, change_type=ALERTS.change_type)])
    once = state.Memory(
        subscriptions=[state.Subscribed(resource=ALERTS.resource, change_type=ALERTS.change_type, made=at(1))]
    )
    now = instants.from_text(NOON)
    assert health.report(state.Memory(), [ALERTS], None, [], now)[0]
    assert health.report(never, [ALERTS], None, [], now)[0]
    assert not health.report(once, [ALERTS], None, [], now)[0]
