"""The plan: what each control would still bring, what it costs, and what the score would be. Pure.

A control's gain is its maximum less what it brings today. How far that can be trusted is said: Microsoft counts a
control as it finds it, whatever was decided about it, and takes up to a week to do so (KelvinTegelaar/CIPP#4999).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.graph.secure_score import SecureScore, SecureScoreControlProfile
from shared.views.history import NOISE

_LEVELS: Final[Mapping[str, int]] = {"low": 1, "moderate": 2, "medium": 2, "high": 3}
_UNKNOWN_LEVEL: Final = 2

_STATE_DOUBTS: Final[Mapping[str, str]] = {
    "ignored": "its risk was accepted (Ignored)",
    "thirdparty": "it was marked as solved by a third party, and should bring its points already",
    "reviewed": "it was marked as reviewed",
}


@dataclass(frozen=True, slots=True)
class Action:
    """A control that could bring more than it does."""

    control: str
    title: str
    category: str
    service: str
    points: float | None
    """What it brings today; None where the score has no such control."""
    max_points: float | None
    """None where Graph gives no maximum."""
    gain: float
    """Points that are missing to its maximum; never negative, 0 where that can't be told."""
    cost: str
    """``implementationCost``, in Graph's words; empty where it gives none."""
    impact: str
    """``userImpact``, likewise."""
    state: str
    doubts: Sequence[str]
    """Why the gain is uncertain; empty where it is not."""
    url: str | None
    """Where it can be done, in Microsoft's portals; https only."""

    @property
    def effort(self) -> int:
        """From 2 to 6: implementation cost and user impact, low 1, moderate 2, high 3, unknown as moderate."""
        return _level(self.cost) + _level(self.impact)

    @property
    def worth(self) -> float:
        """Points per effort."""
        return self.gain / self.effort


@dataclass(frozen=True, slots=True)
class Projection:
    """What the score would be."""

    points: float
    percent: float
    gain: float
    """Points above today's score."""
    doubts: Mapping[str, Sequence[str]]
    """The chosen controls whose gain is uncertain, and why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Today's score and what could be done."""

    points: float
    max_points: float
    actions: Sequence[Action]
    """The largest gain first."""
    done: int
    """Controls that are at their maximum."""
    deprecated: int
    """Controls that Microsoft has withdrawn: left out."""

    def project(self, chosen: Collection[str]) -> Projection:
        """The score once these controls are adopted, in whatever order.

        It never exceeds the tenant's maximum. A control that is not among the actions brings nothing.
        """
        adopted = [action for action in self.actions if action.control in chosen]
        # Gains are added in one order, so that the order of choosing does not even change the last bit.
        points = min(self.points + sum(action.gain for action in adopted), max(self.points, self.max_points))
        doubts = {action.control: action.doubts for action in adopted if action.doubts}
        return Projection(points, 100 * points / self.max_points, points - self.points, doubts)

    def by_worth(self) -> list[Action]:
        """The largest gain per effort first."""
        return sorted(self.actions, key=lambda action: (-action.worth, -action.gain, action.control))


def make_plan(score: SecureScore, profiles: Iterable[SecureScoreControlProfile]) -> Plan:
    """The plan for a score that counts (its ``percent`` is not None) and the controls of the same day.

    A control that the score names and no profile describes is listed, too: with an uncertain gain of 0.
    """
    today = score.controls()
    known = {profile.id: profile for profile in profiles}
    undescribed = [SecureScoreControlProfile(id=name) for name in today if name not in known]
    live = [profile for profile in known.values() if not profile.deprecated]
    actions = [_action(profile, today.get(profile.id)) for profile in (*live, *undescribed)]
    unfinished = [
        action for action in actions if action.gain >= NOISE or action.points is None or not action.max_points
    ]
    return Plan(
        points=score.current_score or 0,
        max_points=score.max_score or 0,
        actions=sorted(unfinished, key=lambda action: (-action.gain, -action.worth, action.control)),
        done=len(actions) - len(unfinished),
        deprecated=len(known) - len(live),
    )


def _action(profile: SecureScoreControlProfile, points: float | None) -> Action:
    maximum = profile.max_score if profile.max_score and profile.max_score > 0 else None
    doubts = [_STATE_DOUBTS[state] for state in [profile.state.lower()] if state in _STATE_DOUBTS]
    if maximum is None:
        doubts.append("Graph gives no maximum for it")
    if points is None:
        doubts.append("the score does not count it today")
    url = profile.action_url or ""
    return Action(
        control=profile.id,
        title=profile.title or profile.id,
        category=profile.control_category or "",
        service=profile.service or "",
        points=points,
        max_points=maximum,
        gain=max(0.0, maximum - points) if maximum is not None and points is not None else 0.0,
        cost=profile.implementation_cost or "",
        impact=profile.user_impact or "",
        state=profile.state,
        doubts=tuple(doubts),
        url=url if url.startswith("https://") else None,
    )


def _level(word: str) -> int:
    return _LEVELS.get(word.strip().lower(), _UNKNOWN_LEVEL)
