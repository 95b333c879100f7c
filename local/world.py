"""The simulated tenant that demo and serve show, and the stack around it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.clients import SimulatorClient
from local.stack import Stack

INCREMENTAL: Final = ("alerts_v2", "incidents", "alerts")
DAILY: Final = ("secureScores", "secureScoreControlProfiles")

_FEWER: Final = 10
"""So many alerts for one incident, or one legacy alert."""
_CHANGED: Final = 100
"""One record in so many changes while the demo runs."""

_NO_WAITING: Final = {"GRAPH_REQUESTS_PER_MINUTE": "60000"}
"""Graph allows 150; the demo's few hundred requests would take minutes."""


@dataclass(frozen=True, kw_only=True)
class World:
    """How much there is, and which."""

    alerts: int = 20_000
    """Records in alerts_v2; the other sources follow from it."""
    days: int = 30
    """Length of the history."""
    seed: int = 1
    """Decides the data."""

    def stack(self, logs: Path, *, settings: dict[str, str] | None = None, host_options: tuple[str, ...] = ()) -> Stack:
        """The stack with this tenant and all sources; to be entered."""
        return Stack(
            data={
                "alerts": self.alerts,
                "incidents": self.alerts // _FEWER,
                "legacy": self.alerts // _FEWER,
                "days": self.days,
                "seed": self.seed,
            },
            settings={
                "EXPORT_SOURCES": ",".join(INCREMENTAL),
                "EXPORT_LOOKBACK_DAYS": str(self.days),
                **_NO_WAITING,
                **(settings or {}),
            },
            host_options=host_options,
            logs=logs,
        )

    def spoil_scores(self, simulator: SimulatorClient) -> None:
        """Let two days' scores be as tenants have met them: -1, and without a comparison."""
        oldest_first = sorted(simulator.truth("secureScores"), key=lambda score: score.at)
        simulator.amend("secureScores", oldest_first[len(oldest_first) // 3].id, {"currentScore": -1.0})
        simulator.amend("secureScores", oldest_first[len(oldest_first) // 2].id, {"averageComparativeScores": []})

    def change(self, simulator: SimulatorClient) -> int:
        """Change some records of each incremental source, and tell how many."""
        changed = max(1, self.alerts // _CHANGED)
        counts = {"alerts_v2": changed, "incidents": max(1, changed // _FEWER), "alerts": max(1, changed // _FEWER)}
        return sum(len(simulator.change(source, count, self.seed)) for source, count in counts.items())
