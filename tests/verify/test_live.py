"""The app goes on writing while it is verified."""

from contextlib import suppress
from datetime import date

import pytest

from tests.export.world import At, Killed, KilledAt, World
from tests.verify.store import Store, busy


def export(world: World, turns: int) -> None:
    """Windows, and history."""
    for turn in range(turns):
        world.clock.advance(40_000)
        world.create()
        world.clock.advance(1)
        world.run(world.job("person", date(2026, 11, 20 - turn)))


@pytest.mark.parametrize("turns", [1, 3])
def test_what_comes_meanwhile_is_no_finding(turns: int) -> None:
    """Whichever of its looks the app comes before: the checkpoint's, a list's, a manifest's, a blob's."""
    looks, at = 1, 0
    while at < looks:
        world, seen = busy(), 0
        world.create(5 * 86_400)

        def before(operation: str, name: str, world: World = world, at: int = at) -> None:
            nonlocal seen
            del operation, name
            seen += 1
            if seen == at + 1:
                world.data.before = world.state.before = None
                export(world, turns)
                world.data.before = world.state.before = before

        world.data.before = world.state.before = before
        store = Store(world)
        [chain] = store.verify()
        assert chain.findings == []
        looks, at = max(looks, seen), at + 1
        world.data.before = world.state.before = None
        assert store.findings() == []
    assert looks > 20


def test_a_window_that_was_begun_meanwhile() -> None:
    """It begins where one that was written meanwhile ends, and not where the checkpoint stood at the first look."""
    world = busy()
    store = Store(world)
    begun = set[str]()

    def before(operation: str, name: str) -> None:
        if operation == "names" and name.startswith("alerts_v2/"):
            world.data.before = None
            export(world, 1)
            known = set(store.blobs())
            world.create()
            world.clock.advance(61)
            with suppress(Killed):
                world.run(step=KilledAt(At("before replace", 1)))
            begun.update(set(store.blobs()) - known)

    world.data.before = before
    [chain] = store.verify()
    assert len(begun) == 1
    assert "T000000" not in begun.copy().pop()
    assert begun <= set(chain.in_progress)
    assert chain.findings == []


def test_what_was_put_in_is_found_when_it_is_calm_again() -> None:
    """A manifest that goes on with the chain while the app writes may be the app's; the next look tells."""
    world = busy()
    store = Store(world)
    put_in = store.manifests()[0].replace("/date=2026", "/date=2025")

    def before(operation: str, name: str) -> None:
        if operation == "names" and name.startswith("manifests/alerts_v2/"):
            world.data.before = world.state.before = None
            chain = world.checkpoint().chain
            export(world, 1)
            store.put(store.state, put_in, store.state._blobs[store.manifests()[0]].data)
            store.edit(put_in, previous=chain, seconds=77.0)

    world.state.before = before
    store.verify()
    assert [place for _, place in store.findings()] == [put_in]
