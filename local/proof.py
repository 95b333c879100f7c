"""Whether an export is whole: what lies in storage, held against what the simulator knows to have happened. Pure.

It shares no code with the app, or it would share its mistakes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from local.chain import BlobFacts, chain_problems
from local.simulator.timestamps import text


class Revision(NamedTuple):
    """One revision of one record."""

    id: str
    at: int
    """When it became so, in ticks: Graph may leave out a fraction's last zeros, so texts would differ."""
    product: str

    def __str__(self) -> str:
        return f"{self.id} of {text(self.at)}"


@dataclass(frozen=True)
class Exported:
    """What lies in storage of one source."""

    revisions: list[Revision]
    """One a line, in all blobs."""
    blobs: Mapping[str, BlobFacts]
    """By name."""
    manifests: Mapping[str, bytes]
    """By name."""


class Share(NamedTuple):
    """How many revisions of one product there are."""

    in_graph: int
    in_blobs: int


@dataclass(frozen=True)
class Finding:
    """What became of one source."""

    source: str
    records: int
    revisions: int
    blobs: int
    manifests: int
    bytes: int
    lost: list[Revision]
    """In Graph, and in no blob."""
    doubled: list[Revision]
    """Lines too many of what is in Graph."""
    invented: list[Revision]
    """In blobs, and never in Graph."""
    shares: Mapping[str, Share]
    """By product."""
    broken: list[str]
    """What is wrong with the manifests, in words."""

    def problems(self) -> Iterator[str]:
        """Everything that is wrong, in words."""
        for fault, revisions in (("lost", self.lost), ("doubled", self.doubled), ("invented", self.invented)):
            if revisions:
                yield f"{self.source}: {len(revisions):,} {fault}, such as {revisions[0]}"
        yield from (f"{self.source}: {fault}" for fault in self.broken)


def examine(source: str, truth: list[Revision], exported: Exported) -> Finding:
    """Compare revision by revision, as multisets of (id, at), and check the manifests."""
    happened = {revision[:2] for revision in truth}
    surplus = _beyond(exported.revisions, truth)
    return Finding(
        source=source,
        records=len({revision.id for revision in exported.revisions}),
        revisions=len(exported.revisions),
        blobs=len(exported.blobs),
        manifests=len(exported.manifests),
        bytes=sum(blob.bytes for blob in exported.blobs.values()),
        lost=_beyond(truth, exported.revisions),
        doubled=[revision for revision in surplus if revision[:2] in happened],
        invented=[revision for revision in surplus if revision[:2] not in happened],
        shares=_shares(truth, exported.revisions),
        broken=list(chain_problems(exported.blobs, exported.manifests)),
    )


def _beyond(these: Iterable[Revision], those: Iterable[Revision]) -> list[Revision]:
    """Those of ``these`` that outnumber their like among ``those``."""
    left = Counter(revision[:2] for revision in those)
    surplus = []
    for revision in these:
        left[revision[:2]] -= 1
        if left[revision[:2]] < 0:
            surplus.append(revision)
    return surplus


def _shares(truth: Iterable[Revision], found: Iterable[Revision]) -> dict[str, Share]:
    in_graph, in_blobs = (Counter(revision.product for revision in side) for side in (truth, found))
    return {product: Share(in_graph[product], in_blobs[product]) for product in in_graph | in_blobs}
