"""All tenants' subscriptions, looked after in rounds: as many as time and Graph's limits allow, then the next ones.

A provider's thousand tenants do not fit into one run of a timer: Graph lets an app list its subscriptions 40 times in
20 s over all tenants (Microsoft Graph service-specific throttling limits). A subscription is renewed ten days before
its end, so it may well wait for the next run.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final

import msgspec

from shared.clock import Clock
from shared.graph.answers import OutOfTime
from shared.graph.throttle import RequestBudget
from shared.storage.blobs import Blobs

NAME: Final = "subscriptions/round.json"
"""Where it is kept which tenant comes next, in STATE_CONTAINER."""

BUDGET_S: Final = 400.0
"""Seconds after which a round begins with no further tenant; host.json ends an invocation after 600."""

AT_ONCE: Final = 8
"""Tenants looked after at once, so that a slow one keeps few others waiting."""

_LISTS: Final = 36
_SPAN_S: Final = 20.0
"""So many tenants in any 20 s: below Graph's 40, since lifecycle events have subscriptions listed, too."""


class _Round(msgspec.Struct):
    next: str = ""
    """The tenant that the next round begins with; empty where the last one came round."""


def order(tenants: Iterable[str], first: str) -> list[str]:
    """Each tenant once, in a fixed order that begins at ``first``, or behind it where it is no more. Pure."""
    ordered = sorted(set(tenants))
    return [each for each in ordered if each >= first] + [each for each in ordered if each < first]


def run(tenants: Iterable[str], maintain: Callable[[str], object], blobs: Blobs, clock: Clock, pool: Executor) -> None:
    """Look after one tenant after the other, ``AT_ONCE`` at once, beginning where the last round had to stop.

    ``maintain`` raises only what is unexpected: that is raised in the end, and keeps no other tenant from its turn.
    """
    before = _read(blobs)
    deadline = clock.monotonic() + BUDGET_S
    turns = RequestBudget(_LISTS, clock, span_s=_SPAN_S)
    begun: list[Future[object]] = []
    running: set[Future[object]] = set()
    following = ""
    for tenant in order(tenants, before):
        if len(running) >= AT_ONCE:
            _, running = wait(running, return_when=FIRST_COMPLETED)
        if not _has_turn(turns, clock, deadline):
            following = tenant
            break
        begun.append(future := pool.submit(maintain, tenant))
        running.add(future)
    if following != before:
        blobs.put(NAME, msgspec.json.encode(_Round(following)))
    for future in begun:
        future.result()


def _has_turn(turns: RequestBudget, clock: Clock, deadline: float) -> bool:
    """Wait for the next turn, where there is time for it."""
    if clock.monotonic() >= deadline:
        return False
    try:
        turns.wait(deadline)
    except OutOfTime:
        return False
    return True


def _read(blobs: Blobs) -> str:
    stored = blobs.read(NAME)
    try:
        return msgspec.json.decode(stored.data, type=_Round).next if stored else ""
    except msgspec.DecodeError:
        return ""  # whoever altered it costs some tenants an hour
