"""What a comparison with Graph adds to a day later is in the chain like all else, and is no window."""

import json
from hashlib import sha256

from isal import igzip

from shared.export.checkpoint import encode
from shared.export.names import manifest_of
from shared.verify.findings import Kind
from tests.verify.store import Store, busy

DAY = "alerts_v2/tenant=11111111-2222-3333-4444-555555555555/date=2026-11-22"


def added(store: Store, number: int, lines: list[bytes]) -> str:
    """Add such a blob to a day, with its manifest at the end of the chain."""
    blob = f"{DAY}/reconcile-{number}.ndjson.gz"
    store.put(store.data, blob, igzip.compress(b"".join(lines)))
    data = store.content(blob)
    content = {
        "v": 1,
        "blob": blob,
        "window": {"start": "2026-11-22T00:00:00.0000000Z", "end": "2026-11-22T07:00:00.0000000Z"},
        "records": len(lines),
        "bytes": len(data),
        "sha256": sha256(data).hexdigest(),
        "previous": store.world.checkpoint().chain,
    }
    text = json.dumps(content).encode()
    store.put(store.state, manifest_of(blob), text)
    checkpoint = store.world.checkpoint().replace(chain=sha256(text).hexdigest())
    [name] = store.state.names("checkpoints/")
    store.put(store.state, name, encode(checkpoint))
    return blob


def line(number: int) -> bytes:
    """A record that is in no other blob."""
    return b'{"id":"late %d","lastUpdateDateTime":"2026-11-22T03:00:00Z"}\n' % number


def store_with(count: int) -> tuple[Store, list[str]]:
    """So many blobs were added to a day; a window came between them."""
    store = Store(busy())
    blobs = []
    for number in range(1, count + 1):
        blobs.append(added(store, number, [line(number)]))
        store.world.clock.advance(61)
        store.world.create()
        store.world.clock.advance(1)
        store.world.run()
    return store, blobs


def test_they_are_verified_like_all_else() -> None:
    """Their bytes and records count."""
    store, blobs = store_with(2)
    [chain] = store.verify()
    assert chain.findings == []
    assert chain.blobs == len(store.blobs())
    store.fill(blobs[0], [])
    assert store.findings() == [(Kind.BLOB_ALTERED, blobs[0])]


def test_what_they_add_is_nowhere_else() -> None:
    """A record that a window holds already is doubled, however far away it is."""
    store = Store(busy())
    [known, *_] = [blob for blob in store.blobs() if "2026-11-23" in blob and store.lines(blob)]
    blob = added(store, 1, [line(1), store.lines(known)[0]])
    assert store.findings() == [(Kind.RECORD_DOUBLED, max(blob, known))]


def test_one_without_a_manifest_may_be_in_progress() -> None:
    """It is the next number; any other was put in."""
    for number, expected in ((3, []), (4, [Kind.BLOB_UNKNOWN]), (0, [Kind.BLOB_UNKNOWN])):
        store, _ = store_with(2)
        blob = f"{DAY}/reconcile-{number}.ndjson.gz"
        store.put(store.data, blob, igzip.compress(line(9)))
        assert [kind for kind, _ in store.findings()] == expected
        assert store.in_progress() == ([blob] if number == 3 else [])


def test_a_removed_manifest_is_missing() -> None:
    """Also that of the last one, whose blob then looks as if it were in progress."""
    for number in (0, 1):
        store, blobs = store_with(2)
        store.remove(store.state, manifest_of(blobs[number]))
        assert store.findings() == [(Kind.MANIFEST_MISSING, manifest_of(blobs[number]))]
        assert store.in_progress() == []


def test_an_altered_manifest_is_altered() -> None:
    """As any other."""
    for number in (0, 1):
        store, blobs = store_with(2)
        store.edit(manifest_of(blobs[number]), records=4)
        assert store.findings() == [(Kind.MANIFEST_ALTERED, manifest_of(blobs[number]))]


def test_two_that_come_while_it_is_looked_at() -> None:
    """One is finished and the next one is not, after the checkpoint was looked at and before the blobs are listed."""
    store, _ = store_with(1)
    third = f"{DAY}/reconcile-3.ndjson.gz"

    def before(operation: str, name: str) -> None:
        if operation == "names" and name.startswith("alerts_v2/"):
            store.world.data.before = None
            added(store, 2, [line(2)])
            store.put(store.data, third, igzip.compress(line(3)))

    store.world.data.before = before
    [chain] = store.verify()
    assert chain.findings == []
    assert third in chain.in_progress
