"""From changes to deliveries: who is told of what, when, and what becomes of it."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from local.simulator.entity_set import ChangeType, EntitySet
from local.simulator.faults import Faults
from local.simulator.subscriptions.endpoint import DROP_S, WINDOW, Endpoint
from local.simulator.subscriptions.log import DeliveryLog
from local.simulator.subscriptions.notices import LifecycleEvent, Notice, change_notice, lifecycle_notice
from local.simulator.subscriptions.outbox import FIRST_TIMEOUT_S, Delivery, Outbox
from local.simulator.subscriptions.register import Register
from local.simulator.subscriptions.subscription import Subscription
from local.simulator.timestamps import TICKS_PER_SECOND, ticks


class Notifier:
    """Graph's change notification service, without a network and a clock of its own.

    Whoever delivers takes ``due()``, makes each delivery and reports by ``delivered()``; ``pause_s()`` says when to
    look again, ``on_news`` that it may be sooner. All of it belongs to one thread.

    Args:
        faults: the switches.
        now: tells the time, aware.
    """

    def __init__(self, faults: Faults, now: Callable[[], datetime]) -> None:
        self.register = Register()
        self.log = DeliveryLog()
        self.on_news: Callable[[], None] | None = None
        """Called when there is something to deliver."""
        self._faults = faults
        self._now = now
        self._outbox = Outbox()
        self._endpoints: defaultdict[str, Endpoint] = defaultdict(Endpoint)
        self._dice = random.Random(0)
        self._told = 0

    def watch(self, sets: Iterable[EntitySet]) -> None:
        """Tell subscribers of these sets' changes from now on."""
        for records in sets:
            records.watchers.append(self._changed)

    def subscriptions(self) -> list[Subscription]:
        """Those that live, of all apps and tenants."""
        self._look()
        return list(self.register)

    # What is told

    def send_lifecycle(self, subscription_id: str, event: LifecycleEvent, *, pause: bool = False) -> None:
        """Send a lifecycle event; ``subscriptionRemoved`` removes the subscription.

        Args:
            subscription_id: whose.
            event: which.
            pause: changes are lost until the app reauthorizes or renews.

        Raises:
            KeyError: no such subscription.
            ValueError: it has no lifecycleNotificationUrl.
        """
        self._look()
        subscription = self.register[subscription_id]
        if subscription.wanted.lifecycle_url is None:
            raise ValueError(f"{subscription_id} has no lifecycleNotificationUrl")
        self._send_lifecycle(subscription, event)
        subscription.paused = subscription.paused or pause
        if event == "subscriptionRemoved":
            self.register.remove(subscription_id)

    def burst(self, records: EntitySet, count: int, *, seed: int = 0, batch: int = 1) -> list[Delivery]:
        """Take notifications of ``count`` random records to deliver now, though none of them changed.

        Each goes to every subscription that covers the record, ``batch`` of them in a POST. The switches do not
        count, failures are retried as always.

        Raises:
            ValueError: nobody subscribes to any of these records.
        """
        self._look()
        by_url: defaultdict[str, list[Notice]] = defaultdict(list)
        for ordinal in records.picked(count, seed=seed):
            for subscription in self._subscribers(records, ordinal):
                change = "updated" if "updated" in subscription.wanted.change_types else subscription.wanted.change_type
                by_url[subscription.notification_url].append(
                    self._change_notice(subscription, change, records, ordinal)
                )
        if not by_url:
            raise ValueError(f"nobody subscribes to records of {records.source.name}, or there are none")
        now = self._ticks()
        return [delivery for notices in by_url.values() for delivery in self._outbox.pack(notices, now, batch)]

    # What is delivered

    def due(self) -> list[Delivery]:
        """Take the deliveries to make now; each wants a ``delivered()``."""
        self._look()
        return self._outbox.due(self._ticks())

    def delivered(self, delivery: Delivery, status: int | None, seconds: float) -> None:
        """Take note of an attempt; ``status`` None: no answer. It counts if it is 2xx and came in time."""
        now = self._ticks()
        self._endpoints[delivery.url].answered(now, seconds)
        self.log.add(delivery, status, seconds, now)
        counts = self.log.counts
        counts["attempts"] += 1
        counts["within 3 s"] += seconds < FIRST_TIMEOUT_S
        counts["slower than 10 s"] += seconds >= DROP_S
        if status is not None and 200 <= status < 300 and seconds < delivery.timeout_s:
            counts["delivered"] += delivery.notices
        elif retry := delivery.next(now):
            counts["retries"] += 1
            self._outbox.again(retry)
            self.news()
        else:
            counts["given up"] += delivery.notices

    def pause_s(self) -> float | None:
        """In how many seconds there may be something to do; None: not before news."""
        moments = [each.challenge_at for each in self.register if each.challenge_at is not None]
        due = self._outbox.next_due()
        if due is not None:
            moments.append(due)
        return max(0.0, (min(moments) - self._ticks()) / TICKS_PER_SECOND) if moments else None

    def news(self) -> None:
        """Say that ``pause_s()`` is out of date."""
        if self.on_news:
            self.on_news()

    @property
    def waiting(self) -> int:
        """How many notifications have still to be delivered, those under way apart."""
        return len(self._outbox)

    # Within

    def _changed(self, records: EntitySet, change: ChangeType, ordinal: int) -> None:
        self._look()
        for subscription in self._subscribers(records, ordinal):
            if change not in subscription.wanted.change_types:
                continue
            if subscription.paused:
                self.log.counts["lost while paused"] += 1
                continue
            self._send(self._change_notice(subscription, change, records, ordinal))

    def _subscribers(self, records: EntitySet, ordinal: int) -> list[Subscription]:
        return [
            subscription
            for subscription in self.register
            if subscription.tenant_id == records.tenant_id and subscription.wanted.scope.covers(records, ordinal)
        ]

    def _send(self, notice: Notice) -> None:
        """Put a notification on its way, as the switches and the endpoint's health let it go."""
        faults, counts, now = self._faults.subscriptions, self.log.counts, self._ticks()
        counts["notifications"] += 1
        if faults.lose_next or self._dice.random() < faults.lose_share:
            faults.lose_next = max(0, faults.lose_next - 1)
            counts["lost"] += 1
            return
        health = self._endpoints[notice.url].state(now)
        if health == "drop":
            counts["dropped"] += 1
            return
        due = now + round(faults.delay_s * TICKS_PER_SECOND)
        if health == "slow":
            counts["delayed"] += 1
            due += WINDOW
        self._outbox.add(notice, due)
        if faults.double_next or self._dice.random() < faults.double_share:
            faults.double_next = max(0, faults.double_next - 1)
            counts["doubled"] += 1
            self._outbox.add(notice, due)
        self.news()

    def _look(self) -> None:
        """Let time pass for the subscriptions: those at their end vanish, those near it are challenged."""
        now = self._ticks()
        self.register.expire(now)
        for subscription in self.register:
            if subscription.challenge_at is not None and subscription.challenge_at <= now:
                subscription.challenge_at = None
                self._send_lifecycle(subscription, "reauthorizationRequired")

    def _send_lifecycle(self, subscription: Subscription, event: LifecycleEvent) -> None:
        self._told += 1
        if notice := lifecycle_notice(subscription, event, self._told):
            self._send(notice)

    def _change_notice(self, subscription: Subscription, change: str, records: EntitySet, ordinal: int) -> Notice:
        self._told += 1
        return change_notice(subscription, change, records, ordinal, self._told)

    def _ticks(self) -> int:
        return ticks(self._now())
