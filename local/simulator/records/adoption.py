"""How far a tenant has come with each control, day by day: slowly, now and then at once, and sometimes back."""

from functools import lru_cache
from typing import Final, NamedTuple

from local.simulator.history import dice

_EARLY: Final = 240
"""Controls may have been adopted so many days before the first score."""
_SPAN: Final = 600
"""Of days in which all are adopted that ever will be."""
_SETBACK_EVERY: Final = 100
"""Days between the setbacks of a control that has them."""
_SETBACK_ONE_IN: Final = 9
_SETBACK: Final = 0.2
"""What is left in a setback."""
_PROJECT_ONE_IN: Final = 3
"""So many of a service's controls are adopted on one day, that of the service's project."""


class Course(NamedTuple):
    """A control's way; shares are of 0 to 1, days are counted from the first score."""

    before: float
    after: float
    begins: int
    lasts: int
    """Days from ``before`` to ``after``; 0: at once."""
    setback: int | None
    """The day in each ``_SETBACK_EVERY`` on which it falls back."""
    setback_lasts: int

    def share(self, day: int) -> float:
        """How much of the control is done on a day."""
        done = 1.0 if day >= self.begins + self.lasts else max(0.0, (day - self.begins) / max(1, self.lasts))
        share = self.before + (self.after - self.before) * done
        if self.setback is not None and 0 <= day % _SETBACK_EVERY - self.setback < self.setback_lasts:
            return share * _SETBACK
        return share


@lru_cache(maxsize=64)
def courses(seed: int, services: tuple[str, ...]) -> tuple[Course, ...]:
    """The ways of controls of these services, whose projects follow one another in even pauses."""
    names = sorted(dict.fromkeys(services), key=lambda name: dice(seed, services.index(name)))
    first, pause = dice(seed, len(services)), _SPAN // len(names)
    projects = {name: _begins(first + place * pause) for place, name in enumerate(names)}
    return tuple(_course(dice(seed + 1, number), projects[name]) for number, name in enumerate(services))


def _course(bits: int, project: int) -> Course:
    in_project = bits % _PROJECT_ONE_IN == 0
    at_once = in_project or bits >> 4 & 1 == 1
    return Course(
        before=0.0 if at_once else (bits >> 8) % 50 / 100,
        after=1.0 if bits >> 16 & 3 else (50 + (bits >> 20) % 50) / 100,
        begins=project if in_project else _begins(bits >> 24),
        lasts=0 if at_once else 20 + (bits >> 34) % 100,
        setback=(bits >> 44) % (_SETBACK_EVERY - 20) if (bits >> 40) % _SETBACK_ONE_IN == 0 else None,
        setback_lasts=2 + (bits >> 52) % 10,
    )


def _begins(bits: int) -> int:
    return bits % _SPAN - _EARLY
