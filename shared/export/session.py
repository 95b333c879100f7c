"""One worker's time with one source and tenant: the lease, the checkpoint, and the order of durable steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood, StorageConflict
from shared.export import checkpoint as checkpoints
from shared.export import lease as leases
from shared.export import names, older, window_blob
from shared.export.checkpoint import HISTORY, LIVE, Checkpoint, Failure, Lane
from shared.export.edges import Edges, Rules
from shared.export.keys import Keys
from shared.export.lease import Lease
from shared.graph.client import Tally
from shared.graph.pages import PageReader
from shared.graph.sources import INCREMENTAL, SOURCES
from shared.instants import DAY, Instant
from shared.storage.blobs import Blobs


@dataclass(slots=True)
class Session:
    """The holder of a checkpoint's lease."""

    edges: Edges
    name: str
    lease: Lease
    checkpoint: Checkpoint
    """As it was last written, or is to be written next."""
    _etag: str
    _tallies: list[Tally] = field(default_factory=list)

    @classmethod
    def begin(cls, edges: Edges, rules: Rules, source: str, tenant: str) -> "Session | None":
        """Take the lease, or None where another worker has it. A manifest that a crash left out is written first."""
        name = names.checkpoint(source, tenant)
        first = _first(source, tenant, instants.from_datetime(edges.clock.now()), rules)
        lease = leases.take(edges.state, name, checkpoints.encode(first), edges.clock)
        if lease is None:
            return None
        try:
            stored = edges.state.read(name)
            if stored is None:
                raise StorageConflict(f"The checkpoint {name} was removed while its lease was held.")
            session = cls(edges, name, lease, checkpoints.decode(stored.data, name), stored.etag)
            session._write_manifest()
        except Exception:
            lease.release()
            raise
        return session

    def tally(self) -> Tally:
        """A tally of its own for a thread; ``asked`` counts it in."""
        self._tallies.append(Tally())
        return self._tallies[-1]

    def asked(self) -> Tally:
        """What the job asked of Graph, once its threads have ended."""
        return Tally(
            requests=sum(one.requests for one in self._tallies),
            throttled=sum(one.throttled for one in self._tallies),
            pages=sum(one.pages for one in self._tallies),
        )

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint, and then the manifest that it carries.

        Raises:
            StorageConflict: the lease is lost, or somebody else wrote.
        """
        data = checkpoints.encode(checkpoint)
        self.lease.check()
        try:
            self._etag = self.edges.state.replace(self.name, data, etag=self._etag, lease_id=self.lease.id)
        except StorageConflict:
            stored = self.edges.state.read(self.name)
            if stored is None or stored.data != data:
                raise
            self._etag = stored.etag  # it was written, only the answer was lost
        self.checkpoint = checkpoint
        self._write_manifest()

    def finish(self, checkpoint: Checkpoint, name: str, manifest: Mapping[str, object], records: int) -> None:
        """Make data that lies in its blob part of the chain: checkpoint first, then its manifest of this name."""
        stored = self.edges.state.read(name) if manifest.get("found_after_crash") else None
        if stored is None:
            self.save(checkpoint.with_manifest(name, manifest, records))
            return
        # An older checkpoint was put back: its chain goes on with the manifests that were written before.
        others = self._others_before(name)
        joined = older.followed(checkpoint, others)
        after = joined.with_manifest(name, manifest, records)
        after = older.as_before(after, stored.data, joined.chain, manifest["sha256"])
        after = older.followed(after, others)
        if (lane := after.lanes.get(HISTORY)) and lane != checkpoint.lanes.get(HISTORY):
            after = after.replace(lanes=after.lanes | {HISTORY: self._with_keys(lane)})
        self.save(after)

    def is_old(self) -> bool:
        """Whether an older checkpoint was put back, and windows are there that it does not know: a scan finds them."""
        checkpoint, state = self.checkpoint, self.edges.state
        starts = [lane.at() for lane in checkpoint.lanes.values()]
        first = instants.from_text(checkpoint.first_start)  # where history that is just filled ends
        written = (names.manifest(checkpoint.source, checkpoint.tenant, start) for start in starts)
        return any(start != first and state.properties(name) for start, name in zip(starts, written, strict=True))

    def _with_keys(self, lane: Lane) -> Lane:
        """The lane of a day of history whose windows, so far, have joined the chain: their blobs tell what is kept."""
        source, tenant, day = self.checkpoint.source, self.checkpoint.tenant, instants.floor(lane.at(), DAY)
        next_one, reader, keys = names.window(source, tenant, lane.at()), PageReader(SOURCES[source]), Keys()
        for name in self.edges.data.names(names.day(source, tenant, day)):
            if name < next_one:
                keys.add(window_blob.rows(self.edges.data, name, reader))
        return msgspec.structs.replace(lane, keys_from=instants.to_text(day), keys=keys.to_json())

    def _others_before(self, this: str) -> dict[str, bytes]:
        """By ``previous``, all other manifests of what was filled in, and of history that the checkpoint lacks."""
        state, checkpoint = self.edges.state, self.checkpoint
        if checkpoint.source not in INCREMENTAL:
            return {}
        first = names.manifest(checkpoint.source, checkpoint.tenant, instants.from_text(checkpoint.first_start))
        texts = [
            stored.data
            for name in state.names(names.manifests(checkpoint.source, checkpoint.tenant))
            if (names.is_reconciled(name) or name < first) and name != this and (stored := state.read(name))
        ]
        return {msgspec.json.decode(text)["previous"]: text for text in texts}

    def _write_manifest(self) -> None:
        manifest = self.checkpoint.manifest
        if manifest is None:
            return
        text = manifest.text.encode()
        try:
            self.edges.state.create(manifest.name, text)
        except StorageConflict as error:
            stored = self.edges.state.read(manifest.name)
            if stored is None or stored.data != text:
                raise older.not_the_next(manifest.name) from error
        self.checkpoint = self.checkpoint.replace(manifest=None)


def stored_checkpoint(state: Blobs, source: str, tenant: str) -> Checkpoint | None:
    """The checkpoint as it lies in storage, for whoever only looks."""
    name = names.checkpoint(source, tenant)
    stored = state.read(name)
    return checkpoints.decode(stored.data, name) if stored else None


def shown_checkpoint(state: Blobs, source: str, tenant: str, now: Instant) -> Checkpoint | Failure | None:
    """The same for whoever shows it beside others: one that can't be read is a failure, seen ``now``."""
    try:
        return stored_checkpoint(state, source, tenant)
    except DataNotUnderstood as error:
        return Failure(at=instants.to_text(now), reason=error.reason, message=str(error))


def _first(source: str, tenant: str, now: Instant, rules: Rules) -> Checkpoint:
    """The checkpoint before anything was exported: it fixes where the export begins, midnight UTC."""
    start = instants.floor(now, DAY) - rules.lookback_days * DAY
    return Checkpoint(
        source=source, tenant=tenant, first_start=instants.to_text(start), lanes={LIVE: Lane.beginning(start)}
    )
