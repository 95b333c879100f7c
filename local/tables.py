"""The demo's findings as tables. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from local.proof import Finding, Share


class Table(NamedTuple):
    """Text in the first column, numbers in the others; the last row has the sums."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def by_source(findings: Sequence[Finding], seconds: Mapping[str, float]) -> Table:
    """What became of each source; ``seconds`` are those of its first export."""
    headings = ("Source", "Records", "Revisions", "Blobs", "Manifests", "KiB", "Seconds", "Lost", "Doubled")
    numbers = [_numbers(finding) for finding in findings]
    times = [seconds[finding.source] for finding in findings]
    rows = [
        (finding.source, *_cells(counts[:-2]), f"{time:.1f}", *_cells(counts[-2:]))
        for finding, counts, time in zip(findings, numbers, times, strict=True)
    ]
    sums = [sum(column) for column in zip(*numbers, strict=True)]
    return Table("By source", headings, [*rows, ("all", *_cells(sums[:-2]), f"{max(times):.1f}", *_cells(sums[-2:]))])


def by_product(alerts_v2: Finding, legacy: Finding) -> Table:
    """The revisions of each product in both alert APIs; nothing where an API does not have the product."""
    headings = ("Product", "alerts_v2\nin Graph", "alerts_v2\nin blobs", "alerts\nin Graph", "alerts\nin blobs")
    rows = [
        (product, *_share(alerts_v2.shares.get(product)), *_share(legacy.shares.get(product)))
        for product in sorted({*alerts_v2.shares, *legacy.shares})
    ]
    return Table("Revisions by product", headings, [*rows, ("all", *_share(_sum(alerts_v2)), *_share(_sum(legacy)))])


def _numbers(finding: Finding) -> list[int]:
    return [
        finding.records,
        finding.revisions,
        finding.blobs,
        finding.manifests,
        finding.bytes // 1024,
        len(finding.lost),
        len(finding.doubled) + len(finding.invented),
    ]


def _sum(finding: Finding) -> Share:
    shares = finding.shares.values()
    return Share(sum(share.in_graph for share in shares), sum(share.in_blobs for share in shares))


def _share(share: Share | None) -> list[str]:
    return _cells(share) if share else ["", ""]


def _cells(numbers: Iterable[int]) -> list[str]:
    return [f"{number:,}" for number in numbers]
