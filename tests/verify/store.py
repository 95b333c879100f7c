"""What an export left in memory, the hands that damage it, and the verification of it."""

import json
import zlib
from datetime import date
from hashlib import sha256
from typing import Any

from isal import igzip

from shared.export.checkpoint import encode
from shared.verify.findings import Kind
from shared.verify.looking import chains
from shared.verify.readers import Readers
from shared.verify.verification import Verification, Verified
from tests.export.world import World
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import InlineExecutor

type Found = list[tuple[Kind, str]]


class Unwatched:
    """Nobody looks how far it is."""

    def begin(self, chain: str, total: int) -> None: ...
    def read(self, size: int) -> None: ...


class Store:
    """Both containers of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.data, self.state = world.data, world.state

    def verify(self, since: int = 0) -> list[Verified]:
        """Verify all chains."""
        work = Verification(
            lambda: self.data,
            self.state,
            Readers(InlineExecutor(), InlineExecutor),
            lambda _: InlineExecutor(),
            self.world.now,
            Unwatched(),
            since,
        )
        wanted = chains(self.data, self.state)
        assert wanted.strays == []
        return [work.chain(*chain) for chain in wanted.chains]

    def findings(self, since: int = 0) -> Found:
        """What is found, in order."""
        found = [finding for chain in self.verify(since) for finding in chain.findings]
        return sorted((finding.kind, finding.place) for finding in found)

    def in_progress(self) -> list[str]:
        """What is told apart."""
        return sorted(name for chain in self.verify() for name in chain.in_progress)

    # What lies there

    def blobs(self) -> list[str]:
        """Names of blobs, in order of time."""
        return list(self.data.names(""))

    def manifests(self) -> list[str]:
        """Names of manifests, in order of time."""
        return list(self.state.names("manifests/"))

    def manifest(self, name: str) -> dict[str, Any]:
        """One as it reads."""
        stored = self.state.read(name)
        assert stored
        content: dict[str, Any] = json.loads(stored.data)
        return content

    def lines(self, blob: str) -> list[bytes]:
        """A blob's records."""
        return zlib.decompress(self.content(blob), 31).splitlines(keepends=True)

    def content(self, blob: str) -> bytes:
        """A blob as it lies."""
        return b"".join(self.data.chunks(blob))

    # Damages

    def put(self, blobs: MemoryBlobs, name: str, data: bytes) -> None:
        """Write over whatever was there, metadata kept."""
        old = blobs._blobs.pop(name, None)
        blobs.create(name, data, old.metadata if old else None)

    def remove(self, blobs: MemoryBlobs, name: str) -> None:
        """Delete."""
        del blobs._blobs[name]

    def swap(self, blobs: MemoryBlobs, one: str, other: str) -> None:
        """Each under the other's name."""
        blobs._blobs[one], blobs._blobs[other] = blobs._blobs[other], blobs._blobs[one]

    def fill(self, blob: str, lines: list[bytes]) -> None:
        """Give a blob these records."""
        self.put(self.data, blob, igzip.compress(b"".join(lines)))

    def edit(self, name: str, **changes: Any) -> None:
        """Change a manifest."""
        self.put(self.state, name, json.dumps(self.manifest(name) | changes).encode())

    def adapt(self, name: str) -> None:
        """Let a manifest say of its blob what it is now."""
        blob = self.manifest(name)["blob"]
        data = self.content(blob)
        self.edit(name, bytes=len(data), sha256=sha256(data).hexdigest(), records=len(self.lines(blob)))

    def chain(self) -> list[str]:
        """Names of manifests in the order of the chain, the first one first."""
        names = {
            sha256(stored.data).hexdigest(): name for name in self.manifests() if (stored := self.state.read(name))
        }
        order, head = list[str](), self.world.checkpoint().chain
        while head:
            order.append(names[head])
            head = self.manifest(names[head])["previous"]
        return order[::-1]

    def forge(self, order: list[str]) -> None:
        """Link these manifests anew in this order, and the checkpoint too: only what they say can give it away."""
        head = None
        for name in order:
            self.edit(name, previous=head)
            stored = self.state.read(name)
            assert stored
            head = sha256(stored.data).hexdigest()
        checkpoint = self.world.checkpoint().replace(chain=head)
        [name] = self.state.names("checkpoints/")
        self.put(self.state, name, encode(checkpoint))


def busy(source: str = "alerts_v2") -> World:
    """Three days with several windows, late arrivals, a quiet day that is closed empty, and updates."""
    world = World(source)
    for hours in range(0, 48, 3):
        world.create(hours * 3600 + 1)
    records = [world.create(4000), *(world.create(4000) for _ in range(5))]
    world.run()
    for _ in range(3):
        world.clock.advance(60)
        for record in records[:3]:
            world.update(record)
        world.clock.advance(1)
        world.run()
    world.create(40 * 60)
    world.run()
    world.clock.advance(2 * 86_400)
    world.update(records[4])
    world.clock.advance(1)
    world.run()
    return world


def older() -> World:
    """The same, and then history before it, with new windows in between."""
    world = busy()
    for days in range(4, 8):
        world.create(days * 86_400)
    for day in (20, 19, 18):
        world.run(world.job("person", date(2026, 11, day)))
        world.clock.advance(61)
        world.create()
        world.clock.advance(1)
        world.run()
    return world


def compared() -> World:
    """Two comparisons with Graph have filled in what it showed late, each on two days; a window came between them."""
    world = busy()
    world.close_days()
    for _ in range(2):
        for days in (3, 4, 4):
            world.create(days * 86_400 + 100)
        world.run(world.comparison(back=6))
        world.clock.advance(61)
        world.create()
        world.clock.advance(1)
        world.run()
    return world


def scores() -> World:
    """A week of secure scores, and two more days."""
    world = World("secureScores")
    for days in range(7):
        world.create(days * 86_400)
    world.run()
    for _ in range(2):
        world.clock.advance(86_400)
        world.create()
        world.run()
    return world


def profiles() -> World:
    """Three snapshots of nearly the same profiles."""
    world = World("secureScoreControlProfiles")
    for _ in range(5):
        world.create()
    for _ in range(3):
        world.create()
        world.run()
        world.clock.advance(86_400)
    return world
