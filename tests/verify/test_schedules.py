"""Whatever schedule an export went through, nothing is found afterwards, nor in the middle of it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.export.test_schedules import WEIGHTED, Schedule
from tests.export.world import World
from tests.verify.store import Store


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    source=st.sampled_from(["alerts_v2", "alerts_v2", "alerts"]),
    history=st.lists(st.integers(0, 10 * 86_400), max_size=12),
    clamp=st.sampled_from([None, 1, 2, 3, 5]),
    steps=st.lists(
        st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 999), st.integers(0, 9)), min_size=6, max_size=30
    ),
)
def test_nothing_is_found_where_nothing_was_done(
    source: str, history: list[int], clamp: int | None, steps: list[tuple[str, int, int]]
) -> None:
    """Crashes, zombies, lost answers and late records leave runs in progress at most."""
    world = World(source)
    world.graph.faults[source].max_top = clamp
    schedule = Schedule(world)
    schedule.records = [world.create(ago) for ago in history]
    world.graph.on_request = schedule.request
    store = Store(world)
    for name, number, other in steps:
        schedule.happen(name, number, other)
        assert store.findings() == []
    schedule.calm_down()
    assert store.findings() == []
