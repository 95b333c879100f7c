"""Gathers what status is made of: checkpoints, subscriptions, and the lengths of the queues."""

from collections.abc import Iterable, Mapping, Sequence

from shared import status
from shared.export.checkpoint import Checkpoint
from shared.export.session import stored_checkpoint
from shared.graph.sources import INCREMENTAL
from shared.instants import Instant
from shared.settings import Settings
from shared.storage.blobs import Blobs
from shared.subscriptions import health
from shared.subscriptions import state as subscribed
from shared.subscriptions.plan import Wanted
from shared.subscriptions.state import Memory


def read(
    settings: Settings,
    state: Blobs,
    tenants: Sequence[str],
    sources: Sequence[str],
    lengths: Mapping[str, int],
    now: Instant,
) -> dict[str, object]:
    """The whole status as JSON-ready values. ``lengths`` are those of the queues, poison queues included.

    Raises:
        DataNotUnderstood: somebody else's hand was in the state.
    """
    checkpoints = {
        (tenant, source): stored_checkpoint(state, source, tenant) for tenant in tenants for source in sources
    }
    report = status.report(checkpoints, now)
    healthy = bool(report["healthy"])
    if settings.notification_url:
        shown: dict[str, object] = {}
        for tenant in tenants:
            well, shown[tenant] = _subscriptions(settings, state, tenant, _news(checkpoints, tenant), now)
            healthy = healthy and well
        report["subscriptions"] = shown
    poisoned = any(length for name, length in lengths.items() if name.endswith("-poison"))
    return report | {"healthy": healthy and not poisoned, "queues": lengths}


def _subscriptions(
    settings: Settings, state: Blobs, tenant: str, news: Sequence[str], now: Instant
) -> tuple[bool, dict[str, object]]:
    stored = state.read(subscribed.name(tenant))
    memory = subscribed.decode(stored.data) if stored else Memory()
    wanted = [Wanted(one.resource, one.change_type) for one in settings.subscriptions]
    return health.report(memory, wanted, subscribed.last_notified(state, tenant), news, now)


def _news(checkpoints: Mapping[tuple[str, str], Checkpoint | None], tenant: str) -> list[str]:
    found: Iterable[str] = (
        at
        for (of, source), one in checkpoints.items()
        if one and of == tenant and source in INCREMENTAL  # nobody is notified of scores
        for at in one.news
    )
    return sorted(set(found))
