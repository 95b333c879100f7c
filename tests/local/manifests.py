"""Manifests as the export writes them, for tests of what reads them."""

import json
from collections.abc import Mapping
from hashlib import sha256

from local.chain import BlobFacts


def chained(blobs: Mapping[str, BlobFacts]) -> dict[str, bytes]:
    """A manifest for each blob, each with the sha256 of the one before it."""
    manifests: dict[str, bytes] = {}
    previous = None
    for name, facts in blobs.items():
        data = json.dumps({"blob": name, **facts._asdict(), "previous": previous}).encode()
        manifests[f"manifests/{name}.json"] = data
        previous = sha256(data).hexdigest()
    return manifests
