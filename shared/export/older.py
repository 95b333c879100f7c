"""An older checkpoint that was put back: its chain goes on with the manifests that were written before. Pure."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from shared import instants
from shared.export import names
from shared.export.checkpoint import LIVE, Checkpoint, Manifest


def as_before(checkpoint: Checkpoint, manifest: bytes, chain: str | None, blob_sha256: object) -> Checkpoint:
    """The checkpoint with the manifest that lies there, if it is the chain's next and of the same blob."""
    kept = msgspec.json.decode(manifest)
    if kept["previous"] != chain or kept["sha256"] != blob_sha256:
        return checkpoint
    stored = Manifest(name=checkpoint.manifest.name if checkpoint.manifest else "", text=manifest.decode())
    return checkpoint.replace(manifest=stored, chain=sha256(manifest).hexdigest())


def followed(checkpoint: Checkpoint, fills: Mapping[str, bytes]) -> Checkpoint:
    """The checkpoint when the manifests of what was filled in have joined its chain, where they are next in it.

    What was filled in then may be in the overlap of this older checkpoint: no scan may read it again.
    """
    while text := fills.get(checkpoint.chain or ""):
        manifest = msgspec.json.decode(text)
        lane = checkpoint.lanes[LIVE]
        lane = msgspec.structs.replace(lane, keys_from=max(lane.keys_from, manifest["window"]["end"]))
        checkpoint = checkpoint.replace(
            chain=sha256(text).hexdigest(),
            last=f"manifests/{manifest['blob'].removesuffix('.ndjson.gz')}.json",
            records=checkpoint.records + manifest["records"],
            lanes=checkpoint.lanes | {LIVE: lane},
        )
        if manifest["blob"] == _about_to(checkpoint):
            checkpoint = checkpoint.replace(reconcile=checkpoint.reconcile.about_to(None))
    return checkpoint


def _about_to(checkpoint: Checkpoint) -> str | None:
    """The blob that a comparison was about to commit."""
    filling = checkpoint.reconcile.filling
    if filling is None:
        return None
    start = instants.from_text(filling.start)
    return names.reconciled(checkpoint.source, checkpoint.tenant, start, filling.number)
