"""What the demo shows; in a terminal with moving bars, elsewhere as plain lines."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from local.tables import Table

_WIDTH: Final = 100
"""Columns where there is no terminal, such as in a CI log."""


class Screen:
    """Standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)

    def title(self, text: str) -> None:
        """What follows."""
        self._console.print()
        self._console.rule(f"[bold]{escape(text)}", align="left", style="cyan")

    def say(self, text: str) -> None:
        """Plain text; its lines are never broken, so that they can be copied."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Say what is being done, and what was done when it is."""
        began = time.monotonic()
        with self._console.status(escape(doing)):
            yield
        self._console.print(f"[green]✓[/] {escape(done)} [dim]({time.monotonic() - began:.1f} s)[/]")

    def done(self, text: str) -> None:
        """What was done, where its time stands in the text."""
        self._console.print(f"[green]✓[/] {escape(text)}")

    @contextmanager
    def bars(self, totals: Mapping[str, int]) -> Iterator["Bars"]:
        """A bar for each source, as long as its number of revisions in Graph."""
        progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=36),
            MofNCompleteColumn(),
            TextColumn("revisions"),
            TimeElapsedColumn(),
            console=self._console,
        )
        with progress:
            yield Bars(progress, {name: progress.add_task(name, total=total) for name, total in totals.items()})

    def table(self, table: Table) -> None:
        """A table under its title."""
        self.title(table.title)
        drawn = RichTable(box=SIMPLE_HEAD, show_edge=False, collapse_padding=True)
        for place, heading in enumerate(table.headings):
            drawn.add_column(heading, justify="right" if place else "left", vertical="bottom", no_wrap=place > 0)
        for row in table.rows[:-1]:
            drawn.add_row(*row)
        drawn.add_section()
        drawn.add_row(*table.rows[-1], style="bold")
        self._console.print(drawn)

    def fields(self, rows: Mapping[str, str]) -> None:
        """Names and values, which are never broken, so that they can be copied."""
        width = max(map(len, rows)) + 2
        for name, value in rows.items():
            self.say(f"  {name:{width}}{value}")

    def success(self, text: str) -> None:
        """The last words where all is well."""
        self._console.print(f"\n[bold green]✓ SUCCESS:[/] {escape(text)}", soft_wrap=True)

    def failure(self, text: str) -> None:
        """The last words, or one line of them, where something is wrong."""
        self._console.print(f"\n[bold red]✗ FAILED:[/] {escape(text)}", soft_wrap=True)


class Bars:
    """The bars of one export."""

    def __init__(self, progress: Progress, tasks: Mapping[str, TaskID]) -> None:
        self._progress = progress
        self._tasks = tasks

    def show(self, source: str, done: int) -> None:
        """How far a source is."""
        self._progress.update(self._tasks[source], completed=done)

    def stop(self, source: str) -> None:
        """Nothing more comes of this one: its clock stands still."""
        self._progress.stop_task(self._tasks[source])
