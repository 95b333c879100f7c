"""The demo's check of manifests: whatever is tampered with shows."""

from local.chain import BlobFacts, chain_problems
from tests.local.manifests import chained

BLOBS = {
    name: BlobFacts(sha256=letter * 64, bytes=7, records=2) for name, letter in (("1", "a"), ("2", "b"), ("3", "c"))
}


def problems(blobs: dict[str, BlobFacts], manifests: dict[str, bytes]) -> str:
    return "\n".join(chain_problems(blobs, manifests))


def test_an_unbroken_chain_has_no_problems() -> None:
    """Neither has one that has not begun."""
    assert problems(BLOBS, chained(BLOBS)) == ""
    assert problems({}, {}) == ""


def test_a_blob_that_was_altered_shows() -> None:
    """Its sha256 is not the one in its manifest."""
    altered = BLOBS | {"2": BLOBS["2"]._replace(sha256="d" * 64)}
    assert problems(altered, chained(BLOBS)).startswith("manifests/2.json says BlobFacts(sha256='bbb")


def test_a_blob_that_was_taken_away_shows() -> None:
    """Its manifest is still there."""
    without = {name: facts for name, facts in BLOBS.items() if name != "2"}
    assert problems(without, chained(BLOBS)).endswith("but there is None")


def test_a_blob_that_was_put_in_shows() -> None:
    """No manifest tells of it."""
    assert problems(BLOBS | {"4": BLOBS["1"]}, chained(BLOBS)) == "4 has 0 manifests"


def test_a_manifest_that_was_taken_away_shows() -> None:
    """Its blob has none, and what follows hangs in the air."""
    manifests = chained(BLOBS)
    del manifests["manifests/2.json"]
    assert problems(BLOBS, manifests) == "2 has 0 manifests\nthe chain of manifests holds 1 of 2"


def test_a_manifest_that_was_altered_shows() -> None:
    """The next one was linked to what it said before."""
    manifests = chained(BLOBS)
    manifests["manifests/2.json"] += b"\n"
    assert problems(BLOBS, manifests) == "the chain of manifests holds 2 of 3"


def test_two_manifests_of_one_blob_show() -> None:
    """The second is a fork of the chain, too."""
    manifests = chained(BLOBS)
    manifests["manifests/again.json"] = manifests["manifests/2.json"] + b"\n"
    assert "2 has 2 manifests" in problems(BLOBS, manifests)
    assert "the chain of manifests holds" in problems(BLOBS, manifests)
