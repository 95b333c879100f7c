"""An older checkpoint that was put back: its chain goes on with the manifests that were written before. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export import names
from shared.export.checkpoint import HISTORY, LIVE, Checkpoint, Lane, Manifest
from shared.export.gaps import with_gaps, with_unreadable
from shared.instants import DAY


def as_before(checkpoint: Checkpoint, manifest: bytes, chain: str | None, blob_sha256: object) -> Checkpoint:
    """The checkpoint with the manifest that lies there, which must be the chain's next and of the same blob.

    Raises:
        DataNotUnderstood: it is not.
    """
    name = checkpoint.manifest.name if checkpoint.manifest else ""
    kept = msgspec.json.decode(manifest)
    if kept["previous"] != chain or kept["sha256"] != blob_sha256:
        raise not_the_next(name)
    return checkpoint.replace(manifest=Manifest(name=name, text=manifest.decode()), chain=sha256(manifest).hexdigest())


def not_the_next(name: str) -> DataNotUnderstood:
    """What to say of a manifest that does not belong to the checkpoint's chain."""
    what = f"The manifest {name} is not the one that the checkpoint's chain has there."
    why = "Somebody altered it or put it in, or the checkpoint was lost: then restore its previous version."
    return DataNotUnderstood(f"{what} {why}")


def followed(checkpoint: Checkpoint, others: Mapping[str, bytes]) -> Checkpoint:
    """The checkpoint when manifests have joined its chain, where they are next in it; ``others`` are by ``previous``.

    They are of what was filled in, and of days of history before the first start: none tells its place in the chain by
    its name.
    """
    while text := others.get(checkpoint.chain or ""):
        manifest = msgspec.json.decode(text)
        checkpoint = checkpoint.replace(
            chain=sha256(text).hexdigest(),
            last=names.manifest_of(manifest["blob"]),
            records=checkpoint.records + manifest["records"],
        )
        joined = _with_filled if names.is_reconciled(manifest["blob"]) else _with_history
        checkpoint = joined(checkpoint, manifest)
    return checkpoint


def _with_filled(checkpoint: Checkpoint, manifest: Mapping[str, Any]) -> Checkpoint:
    """What was filled in may be in the overlap of this older checkpoint: no scan may read it again."""
    lane = checkpoint.lanes[LIVE]
    lane = msgspec.structs.replace(lane, keys_from=max(lane.keys_from, manifest["window"]["end"]))
    checkpoint = checkpoint.replace(lanes=checkpoint.lanes | {LIVE: lane})
    if manifest["blob"] == _about_to(checkpoint):
        checkpoint = checkpoint.replace(reconcile=checkpoint.reconcile.about_to(None))
    return checkpoint


def _with_history(checkpoint: Checkpoint, manifest: Mapping[str, Any]) -> Checkpoint:
    """A window of the day before the first start; once the day is whole, history begins with it.

    Until then, whoever joined it has to give the lane its keys, which no manifest tells.
    """
    start, end = (instants.from_text(manifest["window"][at]) for at in ("read_start", "end"))
    failed = {failure["provider"]: failure["status"] for failure in manifest["partial"]}
    gaps = with_gaps(checkpoint.gaps, failed, start, end)
    gaps = with_unreadable(gaps, map(instants.from_text, manifest["unreadable"]), start, end)
    lanes = {track: lane for track, lane in checkpoint.lanes.items() if track != HISTORY}
    day = instants.floor(start, DAY)
    if end == day + DAY:
        return checkpoint.replace(gaps=gaps, lanes=lanes, first_start=instants.to_text(day))
    return checkpoint.replace(
        gaps=gaps,
        lanes=lanes | {HISTORY: Lane.beginning(end)},
        first_start=instants.to_text(day + DAY),
        since=min(checkpoint.since or instants.to_date(day), instants.to_date(day)),
    )


def _about_to(checkpoint: Checkpoint) -> str | None:
    """The blob that a comparison was about to commit."""
    filling = checkpoint.reconcile.filling
    if filling is None:
        return None
    start = instants.from_text(filling.start)
    return names.reconciled(checkpoint.source, checkpoint.tenant, start, filling.number)
