"""A latest view in memory, over what the real export wrote or over windows that a test makes up; and what it shows."""

import json
import zlib
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from shared import instants
from shared.export import checkpoint as checkpoints
from shared.export import names
from shared.export.checkpoint import LIVE, Checkpoint, Lane
from shared.graph.sources import SOURCES
from shared.storage.blobs import Blobs
from shared.views import latest, latest_progress
from tests.export.world import Step, Stepped, World
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import TENANT

type Line = bytes

type View = dict[str, tuple[str, str]]
"""Month and text by id."""


@dataclass
class Viewed:
    """One source of one tenant, with its view."""

    source: str = "alerts_v2"
    clock: FakeClock = field(default_factory=FakeClock)
    data: MemoryBlobs = field(init=False)
    state: MemoryBlobs = field(init=False)
    views: MemoryBlobs = field(init=False)
    lose: list[str] = field(default_factory=list)
    """Operations on the views whose next answer gets lost, so that the client sends them again."""

    def __post_init__(self) -> None:
        self.data, self.state, self.views = (MemoryBlobs(self.clock) for _ in range(3))

    @classmethod
    def of(cls, world: World) -> "Viewed":
        """The view of what a world's export writes."""
        made = cls(world.source, world.clock)
        made.data, made.state = world.data, world.state
        return made

    def write(self, lines: Sequence[Line], name: str | None = None, day: str = "2026-11-23") -> None:
        """A finished blob with its manifest; a window's, or one of this name."""
        start = instants.from_text(f"{day}T00:00:00Z") + len(list(self.state.names("manifests/"))) * instants.SECOND
        blob = names.window(self.source, TENANT, start)
        manifest = names.manifest(self.source, TENANT, start)
        if name:
            blob, manifest = (f"{each.rpartition('/')[0]}/{name}" for each in (blob, manifest))
            blob, manifest = f"{blob}.ndjson.gz", f"{manifest}.json"
        compressor = zlib.compressobj(wbits=31)
        self.data.create(blob, compressor.compress(b"".join(line + b"\n" for line in lines)) + compressor.flush())
        after = self._checkpoint().with_manifest(manifest, {"blob": blob, "records": len(lines)}, len(lines))
        self.state.put(names.checkpoint(self.source, TENANT), checkpoints.encode(after))
        assert after.manifest
        self.state.create(manifest, after.manifest.text.encode())

    def edges(self, step: Step | None = None) -> latest.Edges:
        """What a run touches; ``step`` is called at every touch."""
        each = step or (lambda _: None)
        return latest.Edges(
            data=Stepped(self.data, each, []),
            state=Stepped(self.state, each, []),
            views=Stepped(self.views, each, self.lose),
            clock=self.clock,
            keep_alive=lambda _: nullcontext(),
        )

    def publish(self, step: Step | None = None, budget_s: float = 480) -> None:
        """One run as a worker of its own."""
        latest.publish(self.edges(step), self.source, TENANT, self.clock.monotonic() + budget_s)

    def lines(self) -> list[Line]:
        """Every revision that lies in a blob."""
        return lines(self.data)

    def shown(self) -> View:
        """Month and text by id, as the files have them; no id may be there twice."""
        return shown(self.views)

    def delete(self, prefix: str = "latest/") -> None:
        """Remove what begins so from the container."""
        for name in list(self.views.names(prefix)):
            del self.views._blobs[name]

    def finished(self) -> bool:
        """Whether the view says that all is merged."""
        name = latest_progress.name(self.source, TENANT)
        stored = self.views.read(name)
        return stored is not None and latest_progress.decode(stored.data, name).finished

    def etags(self) -> dict[str, str]:
        """Of everything in the container."""
        return {name: found.etag for name in self.views.names("") if (found := self.views.properties(name))}

    def _checkpoint(self) -> Checkpoint:
        name = names.checkpoint(self.source, TENANT)
        stored = self.state.read(name)
        if stored:
            return checkpoints.decode(stored.data, name)
        start = "2026-11-01T00:00:00.0000000Z"
        return Checkpoint(source=self.source, tenant=TENANT, first_start=start, lanes={LIVE: Lane.beginning(0)})


def alert(id_: str, at: str, created: str | None = "2026-11-01T00:00:00Z", **more: Any) -> Line:
    """A revision in few words."""
    return json.dumps({"id": id_, "createdDateTime": created, "lastUpdateDateTime": at} | more).encode()


def lines(data: Blobs) -> list[Line]:
    """All lines of all blobs of one source."""
    blobs = (b"".join(data.chunks(name)) for name in data.names(""))
    return [line for blob in blobs for line in zlib.decompress(blob, 31).splitlines()]


def newest(of: Iterable[Line], source: str = "alerts_v2") -> dict[str, tuple[str, set[str]]]:
    """The plain way: by id, the month of creation and the newest revision's text; all of them where they tie."""
    best: dict[str, tuple[int, str, set[str]]] = {}
    cursor = SOURCES[source].cursor or ""
    for line in of:
        record = json.loads(line)
        at, text = instants.from_text(record[cursor]), line.decode()
        created = record["createdDateTime"]
        known = best.get(record["id"])
        if known is None or at > known[0]:
            best[record["id"]] = (at, created[:7] if created else "unknown", {text})
        elif at == known[0]:
            known[2].add(text)
    return {id_: (month, texts) for id_, (_, month, texts) in best.items()}


def same(view: View, plain: dict[str, tuple[str, set[str]]]) -> bool:
    """Whether the view shows for each record, and nothing else, its newest revision in its month."""
    return view.keys() == plain.keys() and all(
        month == plain[id_][0] and text in plain[id_][1] for id_, (month, text) in view.items()
    )


def shown(views: Blobs) -> View:
    """Month and text by id, as the files have them; no id may be there twice."""
    found: View = {}
    for name in views.names("latest/"):
        if name.endswith(".parquet"):
            for id_, raw in rows(b"".join(views.chunks(name)), "id, raw"):
                assert id_ not in found, f"{id_} is there twice"
                found[id_] = (latest_progress.month_of(name), raw)
    return found


def rows(parquet: bytes, columns: str) -> list[tuple[Any, ...]]:
    """What a file has."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "latest.parquet"
        file.write_bytes(parquet)
        return _reader().execute(f"SELECT {columns} FROM read_parquet(?)", [str(file)]).fetchall()  # noqa: S608


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
