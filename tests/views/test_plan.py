"""The plan: what each control would bring, and what the score would be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.secure_score import ControlScore, SecureScore, SecureScoreControlProfile, read_profile
from shared.views.history import read_history
from shared.views.plan import Action, Plan, Projection, make_plan
from tests.graph.test_secure_score import PROFILES, profile
from tests.hostile import ANYTHING, as_json
from tests.views.test_history import TABLE, kept, november

NOT_COUNTED = "the score does not count it today"
NO_MAXIMUM = "Graph gives no maximum for it"
THIRD_PARTY = "it was marked as solved by a third party, and should bring its points already"


def decided(state: str) -> list[dict[str, str]]:
    return [{"state": state, "updatedDateTime": "2026-11-01T00:00:00Z"}]


PROFILES_OF_TODAY = [
    profile(id="mfa", maxScore=25, implementationCost="Low", userImpact="Low"),
    profile(id="audit", maxScore=20, implementationCost="Low", userImpact="low ", title="Audit", service="AzureAD"),
    profile(id="dlp", maxScore=18, implementationCost="High", userImpact="High", controlCategory="Data"),
    profile(id="new", maxScore=10, userImpact="Moderate", controlStateUpdates=decided("ThirdParty")),
    profile(id="unscored", maxScore=5, implementationCost="Low", userImpact="Unheard of"),
    profile(id="old", maxScore=10, deprecated=True),
]
"""Of the last day in the history's table, where the score names ``scid`` as well."""


def action(control: str, points: float | None, max_points: float | None, gain: float, **more: Any) -> Action:
    words = {"title": control, "category": "", "service": "", "cost": "", "impact": "", "state": "Default", "url": None}
    given = {"doubts": ()} | words | more
    return Action(control=control, points=points, max_points=max_points, gain=gain, **given)


DLP = action("dlp", 6, 18, 12, cost="High", impact="High", category="Data")
AUDIT = action("audit", 10, 20, 10, cost="Low", impact="low ", title="Audit", service="AzureAD")
NEW = action("new", 4, 10, 6, impact="Moderate", state="ThirdParty", doubts=(THIRD_PARTY,))
SCID = action("scid", 0, None, 0, doubts=(NO_MAXIMUM,))
UNSCORED = action("unscored", None, 5, 0, cost="Low", impact="Unheard of", doubts=(NOT_COUNTED,))


@pytest.fixture
def plan() -> Plan:
    latest = read_history(kept(TABLE), november(24)).latest
    assert latest
    return make_plan(latest, PROFILES_OF_TODAY)


def test_the_plan_of_the_history(plan: Plan) -> None:
    """The largest gain first; what is done or withdrawn is only counted."""
    assert plan == Plan(45, 100, [DLP, AUDIT, NEW, SCID, UNSCORED], done=1, deprecated=1)


def test_the_best_worth_first(plan: Plan) -> None:
    """Points per effort, which is cost and impact together; what is unknown counts as moderate."""
    assert [(one.control, one.effort, one.worth) for one in plan.by_worth()] == [
        ("audit", 2, 5),
        ("dlp", 6, 2),
        ("new", 4, 1.5),
        ("scid", 4, 0),
        ("unscored", 3, 0),
    ]


@pytest.mark.parametrize(
    ("chosen", "projection"),
    [
        ([], Projection(45, 45, 0, {})),
        (["audit"], Projection(55, 55, 10, {})),
        (["new", "audit"], Projection(61, 61, 16, {"new": (THIRD_PARTY,)})),
        (["mfa", "old", "scid"], Projection(45, 45, 0, {"scid": (NO_MAXIMUM,)})),
        (
            ["audit", "dlp", "new", "unscored", "scid"],
            Projection(73, 73, 28, {"new": (THIRD_PARTY,), "scid": (NO_MAXIMUM,), "unscored": (NOT_COUNTED,)}),
        ),
    ],
    ids=["none", "one", "a doubtful one", "what brings nothing", "all"],
)
def test_projections(plan: Plan, chosen: list[str], projection: Projection) -> None:
    """Today's score and the gains, with a word on each that is uncertain."""
    assert plan.project(chosen) == projection


def test_more_than_the_maximum_cannot_be_reached() -> None:
    """Profiles may promise more than the tenant's maximum."""
    score = SecureScore(current_score=70, max_score=80, control_scores=[ControlScore("mfa", 0)])
    assert make_plan(score, [profile(maxScore=25)]).project(["mfa"]) == Projection(80, 100, 10, {})


@pytest.mark.parametrize(
    ("state", "doubts"),
    [
        ("Default", ()),
        ("Ignored", ("its risk was accepted (Ignored)",)),
        ("ignored", ("its risk was accepted (Ignored)",)),
        ("thirdParty", (THIRD_PARTY,)),
        ("Reviewed", ("it was marked as reviewed",)),
        ("something new", ()),
    ],
)
def test_a_decision_makes_the_gain_uncertain(state: str, doubts: tuple[str, ...]) -> None:
    """In either of Graph's spellings; the gain stands."""
    score = SecureScore(current_score=1, max_score=10, control_scores=[ControlScore("mfa", 1)])
    [one] = make_plan(score, [profile(maxScore=5, controlStateUpdates=decided(state))]).actions
    assert (one.gain, one.state, one.doubts) == (4, state, doubts)


@pytest.mark.parametrize("maximum", [None, 0, -1])
def test_a_control_without_a_maximum_may_bring_something(maximum: float | None) -> None:
    """It is listed with a gain that nobody knows, not counted as done."""
    score = SecureScore(current_score=1, max_score=10, control_scores=[ControlScore("mfa", 1)])
    plan = make_plan(score, [profile(maxScore=maximum)])
    assert plan == Plan(1, 10, [action("mfa", 1, None, 0, doubts=(NO_MAXIMUM,))], done=0, deprecated=0)


@pytest.mark.parametrize(
    ("url", "kept_url"),
    [
        ("https://security.microsoft.com/", "https://security.microsoft.com/"),
        ("http://security.microsoft.com/", None),
        ("javascript:alert(1)//https://", None),
        ("", None),
        (None, None),
    ],
)
def test_only_https_is_linked(url: str | None, kept_url: str | None) -> None:
    """A link that runs something is no link."""
    score = SecureScore(current_score=1, max_score=10)
    assert [one.url for one in make_plan(score, [profile(actionUrl=url)]).actions] == [kept_url]


POINTS = st.floats(0, 50) | st.integers(0, 50)
NAMES = [f"control{number}" for number in range(6)]
SOME_NAMES = st.just(NAMES) | st.lists(st.sampled_from(NAMES), unique=True)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any score that counts, more points than its maximum included, and any profiles."""
    controls, profiles = draw(SOME_NAMES), draw(SOME_NAMES)
    score = SecureScore(
        current_score=draw(POINTS),
        max_score=draw(st.sampled_from([1, 40.0, 333.3])),
        control_scores=[ControlScore(name, draw(POINTS)) for name in controls],
    )
    maxima = POINTS.map(lambda points: 2 * points) | st.none()
    return make_plan(score, [SecureScoreControlProfile(name, max_score=draw(maxima)) for name in profiles])


@given(plans())
def test_nothing_chosen_is_todays_score(plan: Plan) -> None:
    """To the last bit."""
    assert plan.project([]) == Projection(plan.points, 100 * plan.points / plan.max_points, 0, {})


@given(plans(), st.lists(st.text()))
def test_unknown_controls_bring_nothing(plan: Plan, unknown: list[str]) -> None:
    """Neither points nor doubts."""
    assert plan.project([f"unknown {name}" for name in unknown]) == plan.project([])


@given(plans())
def test_everything_chosen_is_at_most_the_maximum(plan: Plan) -> None:
    """Where today's score is above it, it stays there."""
    reached = plan.project([one.control for one in plan.actions])
    assert reached.points <= max(plan.points, plan.max_points)
    assert plan.points > plan.max_points or reached.percent <= 100


@given(plans(), SOME_NAMES, st.randoms())
def test_the_order_of_choosing_does_not_matter(plan: Plan, chosen: list[str], random: Any) -> None:
    """Nor does choosing twice."""
    shuffled = [*chosen, *chosen]
    random.shuffle(shuffled)
    assert plan.project(shuffled) == plan.project(chosen) == plan.project(set(chosen))


@given(plans(), SOME_NAMES, SOME_NAMES)
def test_choosing_more_never_lowers(plan: Plan, chosen: list[str], more: list[str]) -> None:
    """A tick cannot do harm."""
    assert plan.project({*chosen, *more}).points >= plan.project(chosen).points >= plan.points


@given(plans())
def test_a_gain_is_never_negative(plan: Plan) -> None:
    """A control above its maximum is done."""
    assert all(one.gain >= 0 and one.worth >= 0 and 2 <= one.effort <= 6 for one in plan.actions)


@given(plans())
def test_the_lists_hold_the_same_actions_in_order(plan: Plan) -> None:
    """By gain, and by gain per effort."""
    gains, worths = [one.gain for one in plan.actions], [one.worth for one in plan.by_worth()]
    assert gains == sorted(gains, reverse=True)
    assert worths == sorted(worths, reverse=True)
    assert sorted(one.control for one in plan.actions) == sorted(one.control for one in plan.by_worth())


@given(st.lists(PROFILES | ANYTHING))
def test_any_profiles_make_a_plan(sent: list[Any]) -> None:
    """Whatever Graph sends about controls, a projection of all of them can be drawn."""
    profiles = [found for found in map(read_profile, map(as_json, sent)) if found]
    plan = make_plan(SecureScore(current_score=1, max_score=2, control_scores=[ControlScore("", 1)]), profiles)
    assert len(plan.actions) + plan.done + plan.deprecated >= len({one.id for one in profiles})
    assert 1 <= plan.project([one.control for one in plan.by_worth()]).points <= 2
