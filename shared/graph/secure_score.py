"""What is read of a ``secureScore`` and of a ``secureScoreControlProfile``, and what may be odd in a score. Pure.

Both types are open and most of their properties may be null, so everything may be missing here
(https://learn.microsoft.com/graph/api/resources/securescore).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Final

import msgspec

from shared.graph import lenient

NO_COMPARISON: Final = "no comparison with other tenants"

type _Points = Annotated[float, msgspec.Meta(lt=1e9)]
"""A sane number: neither the NaN nor the infinity that ``lenient`` lets pass, nor what no page could draw."""


class ControlScore(msgspec.Struct, rename="camel", gc=False):
    """What one control brings on one day."""

    control_name: str | None = None
    score: _Points | None = None


class AverageComparativeScore(msgspec.Struct, rename="camel", gc=False):
    """What others have on average: all tenants, those with as many seats, those of the same industry."""

    basis: str | None = None
    average_score: _Points | None = None


class SecureScore(msgspec.Struct, rename="camel"):
    """The score of one day."""

    current_score: _Points | None = None
    max_score: _Points | None = None
    average_comparative_scores: list[AverageComparativeScore] | None = None
    control_scores: list[ControlScore] | None = None

    @property
    def percent(self) -> float | None:
        """Of the maximum; None where Graph gave no score: it answers -1 for a day on which it could not compute one.

        A maximum below one point is none.
        """
        if self.current_score is None or self.current_score < 0 or self.max_score is None or self.max_score < 1:
            return None
        return 100 * self.current_score / self.max_score

    def averages(self) -> dict[str, float]:
        """The average of each basis, in percent of the maximum; without those that Graph could not compute (-1).

        Graph documents no unit. Today's tenants see percent (KelvinTegelaar/CIPP#4201); its first example has points
        (37, 46 and 109 of 697). A score has one unit: where an average is above 100, all of them are points.
        """
        found = {
            one.basis: one.average_score
            for one in self.average_comparative_scores or ()
            if one.basis and one.average_score is not None and one.average_score >= 0
        }
        if self.max_score is None or self.max_score < 1 or max(found.values(), default=0) <= 100:
            return found
        return {basis: 100 * points / self.max_score for basis, points in found.items()}

    def controls(self) -> Mapping[str, float]:
        """The points of each control that has some, zero included."""
        return {
            one.control_name: one.score
            for one in self.control_scores or ()
            if one.control_name and one.score is not None and one.score >= 0
        }

    def oddities(self) -> Iterator[str]:
        """What is odd in it, in words."""
        if self.current_score is None or self.current_score < 0:
            yield f"the score is {self.current_score}"
        if not self.averages():
            yield NO_COMPARISON
        if not self.controls():
            yield "no points by control"


def never_compared(days: Sequence[date]) -> tuple[str, ...]:
    """One word, if any, for the days, in order, before Graph first compared the tenant.

    Some tenants it compares only after weeks, or never (microsoftgraph/microsoft-graph-docs#19680): there, a day
    without a comparison is no odd one among others.
    """
    if not days:
        return ()
    span = str(days[0]) if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return (f"{span}: {NO_COMPARISON}",)


class ControlStateUpdate(msgspec.Struct, rename="camel", gc=False):
    """What somebody decided about a control."""

    state: str | None = None
    updated_date_time: str | None = None


class SecureScoreControlProfile(msgspec.Struct, rename="camel"):
    """A control: what it is worth and what it costs."""

    id: str
    title: str | None = None
    max_score: _Points | None = None
    control_category: str | None = None
    service: str | None = None
    implementation_cost: str | None = None
    user_impact: str | None = None
    deprecated: bool | None = None
    action_url: str | None = None
    control_state_updates: list[ControlStateUpdate] | None = None

    @property
    def state(self) -> str:
        """The latest decision: ``Default`` where nobody made one."""
        updates = self.control_state_updates or ()
        latest = max(updates, key=lambda one: one.updated_date_time or "", default=None)
        return (latest.state if latest else None) or "Default"


_SCORE = msgspec.json.Decoder(SecureScore)
_PROFILE = msgspec.json.Decoder(SecureScoreControlProfile)


def read_score(raw: bytes | msgspec.Raw) -> SecureScore | None:
    """A score; None where it has another form than Graph describes."""
    return _read(raw, _SCORE)


def read_profile(raw: bytes | msgspec.Raw) -> SecureScoreControlProfile | None:
    """A control profile; None where it has another form than Graph describes."""
    return _read(raw, _PROFILE)


def _read[T](raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        return lenient.decode(raw, decoder)
    except (ValueError, RecursionError):
        return None
