"""A tenant's five entity sets."""

from collections.abc import Iterator, Mapping

from local.simulator.entity_set import EntitySet
from local.simulator.history import EMPTY, Daily, History, Spread
from local.simulator.records.controls import PROFILE_COUNT
from local.simulator.sources import SOURCES
from local.simulator.timestamps import TICKS_PER_DAY, Moment, ticks

SCORE_DAYS = 90
"""How many days of scores Graph holds by default."""


class Tenant:
    """The entity sets of one tenant, by source name; empty but for the histories given."""

    def __init__(self, tenant_id: str, histories: Mapping[str, History] | None = None) -> None:
        histories = histories or {}
        self.tenant_id = tenant_id
        self._sets = {
            name: EntitySet(source, tenant_id, histories.get(name, EMPTY)) for name, source in SOURCES.items()
        }

    def __getitem__(self, source: str) -> EntitySet:
        return self._sets[source]

    def __iter__(self) -> Iterator[EntitySet]:
        return iter(self._sets.values())


def many(first: str, count: int) -> list[str]:
    """The ids of so many tenants, ``first`` the first."""
    return [first, *(f"{n:08x}-0000-4000-8000-{n:012x}" for n in range(1, count))]


def generated(
    tenant_id: str,
    *,
    end: Moment,
    days: int = 30,
    seed: int = 1,
    alerts_v2: int = 0,
    incidents: int = 0,
    alerts: int = 0,
) -> Tenant:
    """A tenant with a history of ``days`` that ends at ``end``; scores and profiles are always there."""
    last = ticks(end)
    first = last - days * TICKS_PER_DAY
    counts = {"alerts_v2": alerts_v2, "incidents": incidents, "alerts": alerts}
    histories: dict[str, History] = {name: Spread(count, first, last, seed) for name, count in counts.items()}
    histories["secureScores"] = Daily(SCORE_DAYS, last, seed)
    histories["secureScoreControlProfiles"] = Spread(PROFILE_COUNT, first, last, seed)
    return Tenant(tenant_id, histories)
