"""Controls as Microsoft has them, from controls.csv: what a page about a real tenant lists."""

import csv
from pathlib import Path
from typing import Final, NamedTuple


class Control(NamedTuple):
    """A control profile, as far as the report reads it. What Graph does not give is empty."""

    id: str
    title: str
    category: str
    service: str
    most: float
    cost: str
    impact: str
    url: str


def _read() -> tuple[Control, ...]:
    with (Path(__file__).parent / "controls.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Control(
                id=row["id"],
                title=row["title"],
                category=row["category"],
                service=row["service"],
                most=float(row["most"]),
                cost=row["cost"],
                impact=row["impact"],
                url=f"https://{row['portal']}.microsoft.com/" if row["portal"] else "",
            )
            for row in csv.DictReader(file)
        )


CONTROLS: Final = _read()
