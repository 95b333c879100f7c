"""Whether manifests describe the blobs that are there, and follow one another without a break. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple


class BlobFacts(NamedTuple):
    """What a manifest says of its blob, or what is so."""

    sha256: str
    bytes: int
    records: int


def chain_problems(blobs: Mapping[str, BlobFacts], manifests: Mapping[str, bytes]) -> Iterator[str]:
    """Check one source's manifests against its blobs and against each other.

    Args:
        blobs: as they are, by name.
        manifests: their bytes, by name.
    """
    described: Counter[str] = Counter()
    for name, data in manifests.items():
        said = json.loads(data)
        described[said["blob"]] += 1
        facts = BlobFacts(said["sha256"], said["bytes"], said["records"])
        if facts != blobs.get(said["blob"]):
            yield f"{name} says {facts}, but there is {blobs.get(said['blob'])}"
    yield from (f"{name} has {described[name]} manifests" for name in blobs if described[name] != 1)
    linked = _linked(manifests.values())
    if linked != len(manifests):
        yield f"the chain of manifests holds {linked} of {len(manifests)}"


def _linked(manifests: Iterable[bytes]) -> int:
    """How many follow from the first, each naming the sha256 of the one before it."""
    following = {json.loads(data)["previous"]: sha256(data).hexdigest() for data in manifests}
    count, link = 0, None
    while link := following.pop(link, None):
        count += 1
    return count
