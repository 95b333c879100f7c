"""How a tenant's subscriptions are doing. Pure."""

from collections.abc import Iterable, Sequence

from shared import instants
from shared.instants import MINUTE, Instant
from shared.subscriptions.plan import Wanted
from shared.subscriptions.state import Memory, Subscribed

SILENT_AFTER = 3 * 60 * MINUTE
"""How long polling may find changes without one notification for them."""


def report(
    memory: Memory, wanted: Iterable[Wanted], notified: str | None, news: Sequence[str], now: Instant
) -> tuple[bool, dict[str, object]]:
    """Whether all is well, and the details as JSON-ready values.

    ``news`` are the times, ascending, at which polling found something new. Only a subscription that once existed can
    fail: one that Graph refuses is a state of its own, and no alarm.
    """
    shown = states(memory, wanted, now)
    alive = [one for _, one, state in shown if one and state == "alive"]
    silent = bool(alive) and _is_silent(max(notified or "", *(one.made for one in alive)), news)
    once = any(one.made for one in memory.subscriptions)
    lost = any(state == "lost" for *_, state in shown)
    healthy = not silent and not lost and not (memory.failure and once)
    return healthy, {
        "checked": memory.checked or None,
        "failure": memory.failure or None,
        "last_notification": notified,
        "silent": silent,
        "subscriptions": [_shown(each, one, state) for each, one, state in shown],
    }


def unreadable(failure: str) -> tuple[bool, dict[str, object]]:
    """The same where nothing is known, and why: it is an alarm, since no run looks after them either."""
    return False, {
        "checked": None,
        "failure": failure,
        "last_notification": None,
        "silent": False,
        "subscriptions": [],
    }


def states(memory: Memory, wanted: Iterable[Wanted], now: Instant) -> list[tuple[Wanted, Subscribed | None, str]]:
    """Each wanted subscription, what is known of it, and one word for it."""
    known = {Wanted(one.resource, one.change_type): one for one in memory.subscriptions}
    return [(one, known.get(one), _state(known.get(one), now)) for one in wanted]


def _state(one: Subscribed | None, now: Instant) -> str:
    if one is None:
        return "missing"
    if one.id and one.expires and instants.from_text(one.expires) > now:
        return "alive"
    if one.made:
        return "lost"
    return "refused" if one.refused else "missing"


def _shown(wanted: Wanted, one: Subscribed | None, state: str) -> dict[str, object]:
    shown: dict[str, object] = {"resource": wanted.resource, "changeType": wanted.change_type, "state": state}
    if one is None:
        return shown
    return shown | {"expires": one.expires or None, "made": one.made or None, "message": one.message or None}


def _is_silent(since: str, news: Sequence[str]) -> bool:
    unnoticed = [instants.from_text(at) for at in news if at > since]
    return len(unnoticed) > 1 and unnoticed[-1] - unnoticed[0] >= SILENT_AFTER
