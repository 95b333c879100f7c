"""The report in a real browser: who can use it, and whether the plan's numbers are those of ``Plan.project``."""

import random
from collections.abc import Mapping
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from local.child import ROOT
from shared.views.plan import Plan, Projection
from shared.views.words import signed, tenth
from tests.views.conftest import URL, Open, report_of
from tests.views.tenants import MANY

AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def plan_of(tenant: str) -> Plan:
    """Its plan, which it must have."""
    plan = report_of(tenant).plan
    assert plan is not None
    return plan


def shown(page: Page) -> dict[str, str]:
    """What the page says of the ticks."""
    ids = ("chosen", "projected", "projected-points", "projected-gain", "doubtful")
    return {name: page.locator(f"#{name}").inner_text() for name in ids}


def told(projection: Projection, plan: Plan, chosen: int) -> dict[str, str]:
    """What it should say."""
    doubtful = len(projection.doubts)
    return {
        "chosen": str(chosen),
        "projected": f"{tenth(projection.percent)} %",
        "projected-points": tenth(projection.points),
        "projected-gain": signed(projection.percent - 100 * plan.points / plan.max_points),
        "doubtful": f"{doubtful} of them uncertain" if doubtful else "",
    }


# Who can use it


@pytest.mark.parametrize(
    ("tenant", "look"),
    [("realistic", "light"), ("realistic", "dark"), ("realistic", "phone"), ("one day", "dark"), ("hostile", "light")],
)
def test_axe_finds_nothing(tenant: str, look: str, opened: Open) -> None:
    """No violation of any rule of axe-core, however light."""
    with opened(tenant, look) as visit:
        if tenant != "realistic":  # a year of days takes axe a while, and shows it nothing that one day does not
            for summary in visit.page.locator("summary").all():
                summary.click()
        violations = run_axe(visit.page)
        assert [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in violations] == []


def test_axe_can_find_something(opened: Open) -> None:
    """The check above can fail."""
    with opened("empty") as visit:
        visit.page.evaluate("() => document.querySelector('html').removeAttribute('lang')")
        assert [one["id"] for one in run_axe(visit.page)] == ["html-has-lang"]


def run_axe(page: Page) -> list[Mapping[str, Any]]:
    """What axe-core objects to. It is put in by the debugger, which no policy of a page stops."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations: list[Mapping[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return violations


def test_the_keyboard_alone_is_enough(opened: Open) -> None:
    """Tab goes to each box and button and shows where it is, Space ticks, Enter presses."""
    plan = plan_of("realistic")
    with opened("realistic") as visit:
        page = visit.page
        reached = []
        for _ in range(60):
            page.keyboard.press("Tab")
            focused, outline = page.evaluate(
                "() => [document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
            )
            assert outline == "solid"
            reached.append(focused)
            if focused == "order-worth":
                page.keyboard.press("Enter")
            if focused == "c1":
                page.keyboard.press("Space")
                break
        assert "c1" in reached
        assert page.locator("#order-worth").get_attribute("aria-pressed") == "true"
        assert shown(page) == told(plan.project({plan.actions[0].control}), plan, 1)


def test_without_scripts_it_still_reads(opened: Open) -> None:
    """Everything is there but the sum of the ticks, and the page says so."""
    with opened("realistic", java_script_enabled=False) as visit:
        assert visit.page.locator("noscript p").inner_text() == "Without scripts, ticks do not add up."
        assert visit.page.locator("#plan-table tbody tr").count() == len(plan_of("realistic").actions)
        assert visit.page.locator("svg.wide").filter(visible=True).count() == 6
        assert visit.complaints == []


# The plan


def test_ticks_project_what_the_plan_projects(opened: Open) -> None:
    """Any choice, all and none: the page shows the numbers of ``Plan.project``."""
    plan, dice = plan_of("realistic"), random.Random(11)
    with opened("realistic") as visit:
        page = visit.page
        assert shown(page) == told(plan.project(()), plan, 0)
        for _ in range(5):
            chosen = dice.sample(range(len(plan.actions)), dice.randint(1, len(plan.actions) - 1))
            page.locator("#choose-none").click()
            for number in chosen:
                page.locator(f"#c{number + 1}").check()
            assert shown(page) == told(plan.project({plan.actions[n].control for n in chosen}), plan, len(chosen))
        page.locator("#choose-all").click()
        everything = {action.control for action in plan.actions}
        assert shown(page) == told(plan.project(everything), plan, len(everything))
        page.locator("#choose-none").click()
        assert shown(page) == told(plan.project(()), plan, 0)


def test_the_two_orders(opened: Open) -> None:
    """By gain at first, by gain per effort when asked, and back; ticks stay where they were."""
    plan = plan_of("realistic")
    with opened("realistic") as visit:
        page = visit.page
        page.locator("#c3").check()
        by_gain = [action.title for action in plan.actions]
        by_worth = [action.title for action in plan.by_worth()]
        assert by_gain != by_worth
        for button, expected in (("order-worth", by_worth), ("order-gain", by_gain), ("order-worth", by_worth)):
            page.locator(f"#{button}").click()
            titles = [text.split("Uncertain:")[0] for text in page.locator("#plan tbody th").all_text_contents()]
            assert titles == expected
            assert page.locator("[aria-pressed=true]").get_attribute("id") == button
            ticked = page.locator("tr:has(input:checked) th").all_text_contents()
            assert ticked == [plan.actions[2].title]


def test_ten_thousand_controls_can_be_used(opened: Open) -> None:
    """Only the first are laid out before somebody asks for more; ticks, orders and the projection are for all."""
    plan = plan_of(MANY)
    with opened(MANY) as visit:
        page = visit.page
        rows = page.locator("#plan tbody tr")
        assert rows.count() == len(plan.actions) > 9_900
        page.locator("#order-worth").click()
        visible = "() => [...document.querySelectorAll('#plan tbody tr:not([hidden]) input')].map((box) => box.id)"
        assert page.locator("#c501").is_hidden()
        first = page.evaluate(visible)
        numbers = {action.control: f"c{n + 1}" for n, action in enumerate(plan.actions)}
        assert first == [numbers[action.control] for action in plan.by_worth()[:500]]
        page.get_by_role("button", name=f"Show all {len(plan.actions):,}").click()
        assert len(page.evaluate(visible)) == len(plan.actions)
        page.locator("#choose-all").click()
        chosen = {action.control for action in plan.actions}
        assert shown(page) == told(plan.project(chosen), plan, len(chosen))
        page.locator("#c1").uncheck()
        chosen.remove(plan.actions[0].control)
        assert shown(page) == told(plan.project(chosen), plan, len(chosen))
        assert visit.complaints == []
        assert visit.requests == [URL]
