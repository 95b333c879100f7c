"""The generated past: when record n was last changed, as a pure function of a seed and n.

Nothing is held, so a set of a million records costs no memory; the function never falls with n,
so a window of time is found by bisection.
"""

from dataclasses import dataclass
from typing import Protocol, Self

from local.simulator.timestamps import TICKS_PER_DAY, Moment, ticks

_MASK = (1 << 64) - 1
_TIE_EVERY = 37
"""About one record in so many shares its predecessor's timestamp."""


def dice(seed: int, n: int) -> int:
    """64 well mixed bits for (seed, n): Vigna's splitmix64, in half a microsecond."""
    x = (n * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


class History(Protocol):
    """How many generated records there are, and where each stands in time."""

    @property
    def count(self) -> int:
        """Records are 0 .. count - 1."""
        ...

    @property
    def seed(self) -> int:
        """Decides everything else about a record, too."""
        ...

    def at(self, n: int) -> int:
        """Ticks of record ``n``; never smaller than those of ``n - 1``."""
        ...

    def share(self, part: int, parts: int) -> Self:
        """The part of this history that one of several providers has."""
        ...


@dataclass(frozen=True, slots=True)
class Spread:
    """Records spread evenly over [start, end), each jittered within its own slot; some tie."""

    count: int
    start: int
    end: int
    seed: int

    @classmethod
    def over(cls, count: int, start: Moment, end: Moment, seed: int) -> Self:
        """``count`` records between two moments."""
        return cls(count, ticks(start), ticks(end), seed)

    def at(self, n: int) -> int:
        bits = dice(self.seed, n)
        while n and bits % _TIE_EVERY == 0:
            n -= 1
            bits = dice(self.seed, n)
        # Fixed-point: (n + jitter) * span / count, with 20 bits of jitter.
        return self.start + ((n << 20) + (bits >> 44)) * (self.end - self.start) // (self.count << 20)

    def share(self, part: int, parts: int) -> Self:
        if parts == 1:
            return self
        count = (self.count - part + parts - 1) // parts
        return type(self)(count, self.start, self.end, self.seed * parts + part)


@dataclass(frozen=True, slots=True)
class Daily:
    """One record each midnight, ``count`` days up to and including the day of ``last``."""

    count: int
    last: int
    seed: int

    @classmethod
    def until(cls, count: int, last: Moment, seed: int) -> Self:
        """``count`` days that end with the day of ``last``."""
        return cls(count, ticks(last), seed)

    def at(self, n: int) -> int:
        return (self.last // TICKS_PER_DAY - self.count + 1 + n) * TICKS_PER_DAY

    def share(self, part: int, parts: int) -> Self:
        if (part, parts) != (0, 1):
            raise ValueError("scores have one provider")
        return self


EMPTY = Spread(0, 0, 0, 0)
