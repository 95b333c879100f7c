"""For each kind of damage, wherever it is done, exactly that is found."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from isal import igzip

from shared import instants
from shared.export import names
from shared.export.names import blob_of, manifest_of
from shared.verify.findings import Kind
from tests.export.world import World
from tests.simulated import TENANT
from tests.verify.store import Store, busy, compared, older, profiles, scores

MAKERS: dict[str, Callable[[], World]] = {
    "alerts_v2": busy,
    "history": older,
    "compared": compared,
    "alerts": lambda: busy("alerts"),
    "secureScores": scores,
    "secureScoreControlProfiles": profiles,
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """A fresh store for each damage, all alike."""
    whole = Store(MAKERS[request.param]())
    assert whole.findings() == []
    data, state = dict(whole.data._blobs), dict(whole.state._blobs)

    def fresh() -> Store:
        whole.data._blobs, whole.state._blobs = dict(data), dict(state)
        return whole

    return fresh


def test_a_flipped_byte(make: Callable[[], Store]) -> None:
    """In any blob, anywhere in it."""
    for blob in make().blobs():
        size = len(make().content(blob))
        for at in {0, 5, size // 2, size - 1}:
            store = make()
            data = bytearray(store.content(blob))
            data[at] ^= 1
            store.put(store.data, blob, bytes(data))
            assert store.findings() == [(Kind.BLOB_ALTERED, blob)]


def test_a_removed_line(make: Callable[[], Store]) -> None:
    """In a blob that is whole gzip again; the finding says how many are there."""
    for blob in make().blobs():
        if blob.endswith(".json") or not make().lines(blob):
            continue
        store = make()
        lines = store.lines(blob)
        store.fill(blob, lines[1:])
        assert store.findings() == [(Kind.BLOB_ALTERED, blob)]
        [finding] = store.verify()[0].findings
        assert f"{len(lines) - 1} records instead of {len(lines)}" in finding.detail


def test_a_deleted_blob(make: Callable[[], Store]) -> None:
    """Also an empty one, and the last."""
    for blob in make().blobs():
        store = make()
        store.remove(store.data, blob)
        assert store.findings() == [(Kind.BLOB_MISSING, blob)]


def test_an_added_blob() -> None:
    """In a window's name that lies within another's, in the future, and in a name of nobody."""
    store = Store(busy())
    folder = store.blobs()[-1].rpartition("/")[0]
    for file in ("20261123T010203.000000Z.ndjson.gz", "20261123T010203.0Z.ndjson.gz", "x", "reconcile-x.ndjson.gz"):
        store.put(store.data, f"{folder}/{file}", store.content(store.blobs()[0]))
        assert store.findings() == [(Kind.BLOB_UNKNOWN, f"{folder}/{file}")]
        store.remove(store.data, f"{folder}/{file}")
    future = store.blobs()[0].replace("2026-11-21", "2027-11-21").replace("20261121", "20271121")
    assert future not in store.blobs()
    store.put(store.data, future, b"")
    assert store.findings() == [(Kind.BLOB_UNKNOWN, future)]


def test_a_blob_of_a_day_before_all_others() -> None:
    """A score that was put in later is no run in progress."""
    store = Store(scores())
    day = "secureScores/tenant=11111111-2222-3333-4444-555555555555/date=2026-01-01/secureScore.json"
    store.put(store.data, day, b"{}")
    assert store.findings() == [(Kind.BLOB_UNKNOWN, day)]


def test_scores_of_days_to_come() -> None:
    """A run writes one day after the other, and none before it has come: one of today may be in progress."""
    store = Store(scores())
    store.world.clock.advance(2 * 86_400)
    [last] = store.blobs()[-1:]
    days = [last.replace("date=2026-11-25", f"date=2026-11-{day}") for day in (26, 27, 28)]
    assert len({last, *days}) == 4
    for day, expected in zip(days, ([], [], [Kind.BLOB_UNKNOWN]), strict=True):
        store.put(store.data, day, b"{}")
        assert [kind for kind, _ in store.findings()] == expected
        store.remove(store.data, day)
    for day in days[:2]:
        store.put(store.data, day, b"{}")
    assert store.findings() == [(Kind.BLOB_UNKNOWN, days[1])]


@pytest.mark.parametrize(
    "changes",
    [
        {"records": 7},
        {"bytes": 1},
        {"sha256": "0" * 64},
        {"seconds": 9.5},
        {"previous": None},
        {"previous": "0" * 64},
        {"window": {"start": "2026-11-22T00:00:00.0000000Z", "end": "2026-11-22T00:00:01.0000000Z"}},
        {"window": {"start": "2026-11-22T00:00:00.0000000Z", "end": "2026-11-29T00:00:01.0000000Z"}},
        {"blob": "alerts_v2/elsewhere"},
        {"blob": None},
        {"window": None},
        {"sha256": "not hex"},
    ],
    ids=str,
)
def test_an_edited_manifest(make: Callable[[], Store], changes: dict[str, object]) -> None:
    """Any of them, any field."""
    for name in make().manifests():
        store = make()
        store.edit(name, **changes)
        assert store.findings() == [(Kind.MANIFEST_ALTERED, name)]


def test_a_manifest_that_is_no_manifest_any_more(make: Callable[[], Store]) -> None:
    """Not even JSON."""
    for name in make().manifests():
        store = make()
        store.put(store.state, name, b"{")
        assert store.findings() == [(Kind.MANIFEST_ALTERED, name)]


def test_a_deleted_manifest(make: Callable[[], Store]) -> None:
    """Its blob gives it away."""
    for name in make().manifests():
        store = make()
        store.remove(store.state, name)
        assert store.findings() == [(Kind.MANIFEST_MISSING, name)]


def test_two_deleted_manifests(make: Callable[[], Store]) -> None:
    """Also one next to the other."""
    names = make().manifests()
    for one, other in [(0, 1), (0, -1), (-2, -1), (0, 2)]:
        store = make()
        if names[one] == names[other]:
            continue
        store.remove(store.state, names[one])
        store.remove(store.state, names[other])
        assert store.findings() == [(Kind.MANIFEST_MISSING, name) for name in sorted((names[one], names[other]))]


def test_a_manifest_deleted_with_its_blob(make: Callable[[], Store]) -> None:
    """The time between the others gives both away, the days that the checkpoint knows, or who names what was added."""
    for name in make().manifests():
        store = make()
        blob = store.manifest(name)["blob"]
        store.remove(store.state, name)
        store.remove(store.data, blob)
        expected = (Kind.MANIFEST_MISSING, name) if "reconcile" in name else (Kind.WINDOW_MISSING, blob)
        assert store.findings() == [expected]


@pytest.mark.parametrize(
    ("maker", "removed", "edited"), [(busy, 0, 4), (older, 3, 0), (older, 12, 1), (compared, 15, 8)]
)
def test_one_removed_and_another_altered(maker: Callable[[], World], removed: int, edited: int) -> None:
    """Each break of the chain is told where it is: the hole in time lies beside but one of them."""
    store = Store(maker())
    gone, altered = store.manifests()[removed], store.manifests()[edited]
    store.remove(store.state, gone)
    store.remove(store.data, blob_of(gone))
    store.edit(altered, seconds=77.0)
    assert store.findings() == [(Kind.MANIFEST_ALTERED, altered), (Kind.WINDOW_MISSING, blob_of(gone))]


def test_two_altered_manifests() -> None:
    """Behind the first one the walk goes on with the window before it, and not with what was filled in last."""
    store = Store(compared())
    altered = [store.manifests()[0], store.manifests()[8]]
    for name in altered:
        store.edit(name, previous="0" * 64)
    assert store.findings() == [(Kind.MANIFEST_ALTERED, name) for name in altered]


def test_an_altered_manifest_whose_blob_is_gone() -> None:
    """Nothing says where its window ends, and what it says itself is no further finding."""
    store = Store(busy())
    name = store.manifests()[3]
    window = store.manifest(name)["window"]
    store.edit(name, window=window | {"end": "2027-11-29T00:00:01.0000000Z"})
    store.remove(store.data, blob_of(name))
    findings = store.findings()
    assert (Kind.MANIFEST_ALTERED, name) in findings
    assert (Kind.WINDOW_OVERLAPPING, blob_of(name)) not in findings


def test_two_swapped_blobs(make: Callable[[], Store]) -> None:
    """Neither is what it should be, and each finding says where it belongs."""
    one, *_, other = make().blobs()
    store = make()
    store.swap(store.data, one, other)
    assert store.findings() == [(Kind.BLOB_ALTERED, one), (Kind.BLOB_ALTERED, other)]
    assert {finding.detail.partition("it is what ")[2] for finding in store.verify()[0].findings} == {
        f"{one} should be",
        f"{other} should be",
    }


def test_two_swapped_manifests(make: Callable[[], Store]) -> None:
    """Each lies under the other's name."""
    one, *_, other = make().manifests()
    store = make()
    store.swap(store.state, one, other)
    assert store.findings() == [(Kind.MANIFEST_MISPLACED, one), (Kind.MANIFEST_MISPLACED, other)]


def test_a_doubled_record() -> None:
    """In another blob whose manifest was adapted: the manifest is altered, and the record is there twice."""
    blobs = [blob for blob in Store(busy()).blobs() if Store(busy()).lines(blob)]
    for one, other in [(blobs[0], blobs[-1]), (blobs[-1], blobs[0]), (blobs[2], blobs[3])]:
        store = Store(busy())
        store.fill(other, [*store.lines(other), store.lines(one)[0]])
        store.adapt(manifest_of(other))
        expected = [(Kind.MANIFEST_ALTERED, manifest_of(other)), (Kind.RECORD_DOUBLED, max(one, other))]
        assert store.findings() == expected
        store.forge(store_order(one, other))
        assert store.findings() == expected[1:]


def store_order(*_: str) -> list[str]:
    """The chain as it was before any damage."""
    return Store(busy()).chain()


def test_a_record_doubled_in_its_own_blob(make: Callable[[], Store]) -> None:
    """In a chain that was forged anew, so that nothing else shows."""
    store = make()
    order = store.chain()
    blob = next((blob for blob in store.blobs() if blob.endswith(".gz") and store.lines(blob)), None)
    if blob is None:
        return
    store.fill(blob, [*store.lines(blob), store.lines(blob)[0]])
    store.adapt(manifest_of(blob))
    store.forge(order)
    assert store.findings() == [(Kind.RECORD_DOUBLED, blob)]
    [finding] = store.verify()[0].findings
    assert finding.detail == f"1 of its records; line {len(store.lines(blob))} is line 1 of {blob}"


@pytest.mark.parametrize(
    ("time", "same"),
    [
        ("2026-11-21T03:00:10Z", "2026-11-21T03:00:10.0000Z"),
        ("2026-11-21T03:00:10.1234567Z", "2026-11-21T03:00:10.12345678Z"),
    ],
)
def test_the_same_revision_in_another_spelling(time: str, same: str) -> None:
    """A time with and without trailing zeros is the same, and what is finer than 100 ns does not count."""
    store = Store(busy())
    order = store.chain()
    one, *_, other = store.blobs()
    for blob, at in ((one, time), (other, same)):
        line = {"id": "x", "status": blob, "lastUpdateDateTime": at}
        store.fill(blob, [*store.lines(blob), json.dumps(line).encode() + b"\n"])
        store.adapt(manifest_of(blob))
    store.forge(order)
    assert store.findings() == [(Kind.RECORD_DOUBLED, other)]


def test_a_fork_beside_a_missing_manifest() -> None:
    """The walk goes on with the chain, and not with what forks off it."""
    store = Store(busy())
    order = store.chain()
    put_in = order[0].replace("/date=2026", "/date=2025")
    store.put(store.state, put_in, store.state._blobs[order[7]].data)
    store.edit(put_in, seconds=77.0)
    store.remove(store.state, order[3])
    assert store.findings() == [(Kind.MANIFEST_MISSING, order[3]), (Kind.MANIFEST_UNKNOWN, put_in)]


def test_a_blob_behind_the_watermark() -> None:
    """A run in progress begins windows at the watermark or at midnight, and in history only where that is asked for."""
    store = Store(busy())
    world = store.world
    world.clock.advance(2 * 86_400)
    watermark = instants.from_text(world.checkpoint().lanes["live"].watermark)
    midnight = instants.floor(watermark, instants.DAY) + instants.DAY
    before = instants.from_text(world.checkpoint().first_start) - instants.DAY
    unknown = [Kind.BLOB_UNKNOWN]
    for start, expected in ((watermark, []), (midnight, []), (watermark + 10, unknown), (before, unknown)):
        blob = names.window("alerts_v2", TENANT, start)
        store.put(store.data, blob, b"")
        assert [kind for kind, _ in store.findings()] == expected
        store.remove(store.data, blob)


def test_a_manifest_that_counts_wrongly() -> None:
    """Forged so that the chain holds: the sha256 is the blob's, size or number are not."""
    for changes in ({"records": 2}, {"bytes": 2}):
        store = Store(busy())
        order = store.chain()
        store.edit(order[3], **changes)
        store.forge(order)
        assert store.findings() == [(Kind.BLOB_MISCOUNTED, blob_of(order[3]))]


@pytest.mark.parametrize("more", [b"x", bytes(200_000), igzip.compress(b""), bytes(5_000_000)], ids=len)
def test_what_follows_a_blob(more: bytes) -> None:
    """A blob is one gzip stream; the chain was forged anew, and all of its bytes have the sha256 that it names."""
    store = Store(busy())
    order = store.chain()
    blob = blob_of(order[3])
    data = store.content(blob) + more
    store.put(store.data, blob, data)
    store.edit(order[3], bytes=len(data), sha256=sha256(data).hexdigest())
    store.forge(order)
    assert store.findings() == [(Kind.BLOB_MISCOUNTED, blob)]
    [finding] = store.verify()[0].findings
    assert "records can't be read" in finding.detail


def test_a_forked_chain(make: Callable[[], Store]) -> None:
    """A manifest that goes on from the middle of the chain, or from its end, was put in; so was a mere copy."""
    for name in make().manifests():
        store = make()
        put_in = name.replace("/date=2026", "/date=2025")
        store.put(store.state, put_in, b"")
        content = store.manifest(name)
        store.remove(store.state, put_in)
        store.put(store.state, put_in, json.dumps(content | {"seconds": 77.0}).encode())
        assert store.findings() == [(Kind.MANIFEST_UNKNOWN, put_in)]
        store.put(store.state, put_in, store.state._blobs[name].data)
        assert store.findings() == [(Kind.MANIFEST_UNKNOWN, put_in)]


def test_a_manifest_behind_the_last(make: Callable[[], Store]) -> None:
    """It goes on with the chain, but the checkpoint does not know it."""
    store = make()
    put_in = make().manifests()[0].replace("/date=2026", "/date=2025")
    store.put(store.state, put_in, store.state._blobs[store.manifests()[0]].data)
    store.edit(put_in, previous=store.world.checkpoint().chain)
    assert store.findings() == [(Kind.MANIFEST_UNKNOWN, put_in)]


def test_a_window_that_was_cut_out() -> None:
    """Blob and manifest are gone, and the chain was forged anew."""
    order = Store(busy()).chain()
    for name in order:
        store = Store(busy())
        store.remove(store.state, name)
        store.remove(store.data, blob_of(name))
        store.forge([one for one in order if one != name])
        assert store.findings() == [(Kind.WINDOW_MISSING, blob_of(name))]


def test_windows_that_overlap() -> None:
    """A window was made longer, in a chain that was forged anew."""
    store = Store(busy())
    order = store.chain()
    window = store.manifest(order[3])["window"]
    longer = instants.to_text(instants.from_text(window["end"]) + 1)
    store.edit(order[3], window=window | {"end": longer})
    store.forge(order)
    assert store.findings() == [(Kind.WINDOW_OVERLAPPING, blob_of(order[4]))]


def test_a_window_that_reaches_beyond_the_watermark() -> None:
    """It claims time that is not exported yet."""
    store = Store(busy())
    order = store.chain()
    window = store.manifest(order[-1])["window"]
    longer = instants.to_text(instants.from_text(window["end"]) + 1)
    store.edit(order[-1], window=window | {"end": longer})
    store.forge(order)
    assert store.findings() == [(Kind.WINDOW_OVERLAPPING, blob_of(order[-1]))]


def test_windows_out_of_order() -> None:
    """Two manifests stand in the chain the wrong way round."""
    store = Store(busy())
    order = store.chain()
    order[4], order[5] = order[5], order[4]
    store.forge(order)
    assert store.findings() == [(Kind.WINDOW_DISORDERED, order[5])]


def test_a_broken_chain_tells_nothing_of_order() -> None:
    """Behind an altered manifest the walk guesses, so the order in which it goes on is no finding."""
    store = Store(busy())
    for name in (store.manifests()[0], store.manifests()[2]):
        store.edit(name, previous=None, window=None)
    kinds = {kind for kind, _ in store.findings()}
    assert Kind.MANIFEST_ALTERED in kinds
    assert Kind.WINDOW_DISORDERED not in kinds


@pytest.mark.parametrize("data", [None, b"{", b'{"v":1}'], ids=str)
def test_a_checkpoint_that_says_nothing(make: Callable[[], Store], data: bytes | None) -> None:
    """The chain is followed all the same."""
    store = make()
    [name] = store.state.names("checkpoints/")
    store.remove(store.state, name)
    if data is not None:
        store.put(store.state, name, data)
    assert store.findings() == [(Kind.CHECKPOINT_UNUSABLE, name)]


def test_every_kind_is_tested_here() -> None:
    """Whoever adds one adds its damage."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in Kind if f"Kind.{kind.name}" not in text] == []
