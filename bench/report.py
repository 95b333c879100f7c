"""Results as Markdown: goals first, then what they were computed from."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Ratio:
    """How many times as much, by medians and by minima, and what it should come to. The medians decide."""

    what: str
    medians: float
    minima: float
    at_most: float | None = None
    at_least: float | None = None

    def row(self) -> Sequence[str]:
        """Its line in the table of comparisons."""
        return (self.what, f"**{self.medians:.2f}**", f"{self.minima:.2f}", *self._verdict())

    def _verdict(self) -> tuple[str, str]:
        if self.at_most is not None:
            return f"at most {self.at_most:g}", "met" if self.medians <= self.at_most else "**missed**"
        if self.at_least is not None:
            return f"at least {self.at_least:g}", "met" if self.medians >= self.at_least else "**missed**"
        return "none", ""


@dataclass(frozen=True)
class Section:
    """What one experiment found."""

    title: str
    text: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    ratios: Sequence[Ratio] = field(default_factory=tuple)


def ratio_of(
    over: tuple[float, float],
    under: tuple[float, float],
    what: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Ratio:
    """Compare two pairs of median and minimum."""
    return Ratio(what, over[0] / under[0], over[1] / under[1], at_most, at_least)


def markdown(sections: Iterable[Section], now: datetime, made_by: str = "python -m bench") -> str:
    """The whole page."""
    sections = list(sections)
    ratios = [ratio.row() for section in sections for ratio in section.ratios]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    parts = [
        "# Benchmark results",
        f"Made by `{made_by}` at {now:%Y-%m-%d %H:%M} UTC on {machine}; what is measured and how: "
        "[README](../README.md). Only ratios mean something elsewhere.",
        _table(("how many times as much", "by medians", "by minima", "goal", ""), ratios),
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text, _table(section.head, section.rows)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
