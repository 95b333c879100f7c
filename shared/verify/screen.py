"""What the command shows: in a terminal a bar and tables, elsewhere a line for each thing, for scripts.

Such a line has three fields with tabs between: what it is, where it is, and what was seen. What it is is a kind of
finding, or ``in-progress``, ``verified`` (a chain, and what was read of it) or ``result`` (the last line).
"""

import sys
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from shared.verify.findings import MEANING, Finding
from shared.verify.verification import Verified


class Screen:
    """Standard output, and a bar on standard error."""

    def __init__(self) -> None:
        bar = Console(stderr=True)
        self._console = Console(highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=bar,
            transient=True,
            disable=not bar.is_terminal,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def begin(self, chain: str, total: int) -> None:
        """A chain's blobs are going to be read."""
        self._progress.reset(self._task, description=chain, total=total)

    def read(self, size: int) -> None:
        """A blob of so many bytes was read."""
        self._progress.advance(self._task, size)

    def tell(self, chains: list[Verified], strays: list[Finding]) -> None:
        """Everything that was found, and what was read for it."""
        findings = [*strays, *(finding for chain in chains for finding in chain.findings)]
        whole = Verified(
            f"{len(chains)} chains",
            "",
            manifests=sum(chain.manifests for chain in chains),
            blobs=sum(chain.blobs for chain in chains),
            records=sum(chain.records for chain in chains),
            bytes=sum(chain.bytes for chain in chains),
        )
        if self._console.is_terminal:
            self._tables(chains, whole, findings)
        else:
            _lines(chains, whole, findings)

    def _tables(self, chains: list[Verified], whole: Verified, findings: list[Finding]) -> None:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("Source and tenant", overflow="fold")  # a number that is cut would be another one
        for heading in ("Manifests", "Blobs", "Records", "Read", "In progress", "Findings"):
            table.add_column(heading, justify="right", no_wrap=True)
        for chain in chains:
            table.add_row(*_row(chain), str(len(chain.in_progress)), str(len(chain.findings)))
        table.add_section()
        table.add_row(*_row(whole), "", str(len(findings)), style="bold")
        self._console.print(table)
        for finding in findings:
            self._console.print(f"[bold red]{finding.kind}[/] {escape(finding.place)}", soft_wrap=True)
            self._console.print(f"  {MEANING[finding.kind]}: {finding.detail}".rstrip(": "), markup=False)
        if findings:
            self._console.print(f"\n[bold red]✗ {len(findings)} finding{'s' * (len(findings) > 1)}[/]")
        else:
            self._console.print("\n[bold green]✓ Everything is there, as it was written, and once.[/]")


def _row(chain: Verified) -> tuple[str, ...]:
    counts = (chain.manifests, chain.blobs, chain.records)
    return f"{chain.source}\n{chain.tenant}".rstrip(), *(f"{count:,}" for count in counts), decimal(chain.bytes)


def _lines(chains: list[Verified], whole: Verified, findings: list[Finding]) -> None:
    lines = [(str(finding.kind), finding.place, finding.detail) for finding in findings]
    lines += [("in-progress", name, "") for chain in chains for name in chain.in_progress]
    lines += [("verified", f"{chain.source} {chain.tenant}", _sum(chain)) for chain in chains]
    lines.append(("result", f"{len(findings)} findings", f"{whole.source}, {_sum(whole)}"))
    sys.stdout.writelines("\t".join(line).rstrip() + "\n" for line in lines)


def _sum(chain: Verified) -> str:
    return f"{chain.manifests} manifests, {chain.blobs} blobs, {chain.records} records, {chain.bytes} bytes read"
