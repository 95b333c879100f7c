"""Gathers what status is made of: checkpoints, subscriptions, and the lengths of the queues."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared import status
from shared.errors import DataNotUnderstood
from shared.export.checkpoint import Checkpoint
from shared.export.session import shown_checkpoint
from shared.graph.sources import INCREMENTAL
from shared.instants import Instant
from shared.settings import Settings
from shared.status import Known, OfTenant
from shared.storage.blobs import Blobs
from shared.subscriptions import health
from shared.subscriptions import state as subscribed
from shared.subscriptions.plan import Wanted
from shared.subscriptions.state import Memory

_READERS = 8
"""Tenants read at once: the SDK keeps ten connections."""


def read(
    settings: Settings,
    state: Blobs,
    tenants: Sequence[str],
    sources: Sequence[str],
    lengths: Mapping[str, int],
    now: Instant,
) -> dict[str, object]:
    """The whole status as JSON-ready values. ``lengths`` are those of the queues, poison queues included.

    What can't be read of one tenant stands in its own part, and hides no other.
    """

    def of(tenant: str) -> OfTenant:
        return _tenant(settings, state, tenant, sources, now)

    with ThreadPoolExecutor(_READERS) as pool:
        report = status.join(list(pool.map(of, tenants)), now)
    poisoned = any(length for name, length in lengths.items() if name.endswith("-poison"))
    return report | {"healthy": bool(report["healthy"]) and not poisoned, "queues": lengths}


def _tenant(settings: Settings, state: Blobs, tenant: str, sources: Sequence[str], now: Instant) -> OfTenant:
    """One tenant; of its checkpoints, which hold many keys, only what is shown."""
    checkpoints = {(tenant, source): shown_checkpoint(state, source, tenant, now) for source in sources}
    report: dict[str, Any] = status.report(checkpoints, now)
    well, shown = True, None
    if settings.notification_url:
        well, shown = _subscriptions(settings, state, tenant, _news(checkpoints), now)
    return OfTenant(tenant, report["healthy"] and well, report["tenants"][tenant], shown)


def _subscriptions(
    settings: Settings, state: Blobs, tenant: str, news: Sequence[str], now: Instant
) -> tuple[bool, dict[str, object]]:
    try:
        stored = state.read(subscribed.name(tenant))
        memory = subscribed.decode(stored.data) if stored else Memory()
        notified = subscribed.last_notified(state, tenant)
    except DataNotUnderstood as error:
        return health.unreadable(str(error))
    wanted = [Wanted(one.resource, one.change_type) for one in settings.subscriptions]
    return health.report(memory, wanted, notified, news, now)


def _news(checkpoints: Mapping[tuple[str, str], Known]) -> list[str]:
    found: Iterable[str] = (
        at
        for (_, source), one in checkpoints.items()
        if isinstance(one, Checkpoint) and source in INCREMENTAL  # nobody is notified of scores
        for at in one.news
    )
    return sorted(set(found))
