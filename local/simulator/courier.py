"""Delivers notifications over HTTP, for as long as the server runs."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread

from local.simulator.conversation import Post, place
from local.simulator.subscriptions.notifier import Notifier
from local.simulator.subscriptions.outbox import FIRST_TIMEOUT_S, Delivery
from local.simulator.wire import Call, Response

_AT_ONCE = 16
"""POSTs under way; Graph's own number is not known, and a laptop's app shall live."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; ``status`` None: no answer."""

    status: int | None
    seconds: float


class Courier:
    """Makes the deliveries that are due.

    Args:
        notifier: knows what is due, and is told how it went.
        post: makes the calls, in threads.
    """

    def __init__(self, notifier: Notifier, post: Post) -> None:
        self._notifier = notifier
        self._post = post
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._news = anyio.Event()
        notifier.on_news = self._wake

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                self._news = anyio.Event()
                for delivery in self._notifier.due():
                    tasks.start_soon(self._deliver, delivery, self._limiter)
                with anyio.move_on_after(_seconds(self._notifier.pause_s())):
                    await self._news.wait()

    async def burst(self, deliveries: Iterable[Delivery], at_once: int) -> list[Outcome]:
        """Make deliveries as fast as they go; each is tried once here, and retried by ``run``."""
        outcomes: list[Outcome] = []
        limiter = anyio.CapacityLimiter(at_once)

        async def deliver(delivery: Delivery) -> None:
            outcomes.append(await self._deliver(delivery, limiter))

        async with anyio.create_task_group() as tasks:
            for delivery in deliveries:
                tasks.start_soon(deliver, delivery)
        return outcomes

    def _wake(self) -> None:
        self._news.set()

    async def _deliver(self, delivery: Delivery, limiter: anyio.CapacityLimiter) -> Outcome:
        def call() -> tuple[Response | None, float]:
            begun = time.perf_counter()
            answer = place(Call(delivery.url, delivery.HEADERS, delivery.body, delivery.timeout_s), self._post)
            return answer, time.perf_counter() - begun

        answer, seconds = await anyio.to_thread.run_sync(call, limiter=limiter, abandon_on_cancel=True)
        outcome = Outcome(answer.status if answer else None, seconds)
        self._notifier.delivered(delivery, outcome.status, outcome.seconds)
        return outcome


def summary(outcomes: list[Outcome], elapsed_s: float) -> dict[str, Any]:
    """Percentiles (nearest rank) of the latencies, and how many answers Graph would have waited for."""
    latencies = sorted(outcome.seconds for outcome in outcomes)
    in_time = sum(
        outcome.status is not None and 200 <= outcome.status < 300 and outcome.seconds < FIRST_TIMEOUT_S
        for outcome in outcomes
    )
    statuses = sorted({str(outcome.status) for outcome in outcomes})
    return {
        "posts": len(outcomes),
        "seconds": round(elapsed_s, 3),
        "statuses": {name: sum(str(outcome.status) == name for outcome in outcomes) for name in statuses},
        **{f"p{share}_ms": round(_percentile(latencies, share) * 1000, 3) for share in (50, 95, 99)},
        "share_within_3_s": in_time / len(outcomes),
    }


def _percentile(ascending: list[float], share: int) -> float:
    return ascending[max(0, math.ceil(len(ascending) * share / 100) - 1)]


def _seconds(pause: float | None) -> float:
    return math.inf if pause is None else pause
