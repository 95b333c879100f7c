"""Contestants take turns, so that whatever else the machine does happens to all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.sample import Sample


@dataclass(frozen=True)
class Series:
    """All runs of one contestant."""

    samples: Sequence[Sample]

    def wall_s(self) -> tuple[float, float]:
        """Median and minimum."""
        return both([sample.wall_s for sample in self.samples])

    def cpu_s(self) -> tuple[float, float]:
        """Median and minimum."""
        return both([sample.cpu_s for sample in self.samples])

    def peak_mib(self) -> float:
        """The highest."""
        return max(sample.peak_mib for sample in self.samples)

    @property
    def records(self) -> int:
        """Of one run."""
        return self.samples[0].records


def take_turns(
    contestants: Mapping[str, Callable[[], Sample]], rounds: int, *, warm_up: bool = True
) -> dict[str, Series]:
    """A B C, A B C, ..., after a round that fills caches and is not counted."""
    return {name: Series(taken) for name, taken in turns(contestants, rounds, warm_up=warm_up).items()}


def turns[T](contestants: Mapping[str, Callable[[], T]], rounds: int, *, warm_up: bool = True) -> dict[str, list[T]]:
    """The same for results of any kind."""
    results: dict[str, list[T]] = {name: [] for name in contestants}
    for turn in range(-warm_up, rounds):
        for name, run in contestants.items():
            result = run()
            if turn >= 0:
                results[name].append(result)
    return results


def both(values: Sequence[float]) -> tuple[float, float]:
    """Median and minimum."""
    return median(values), min(values)
