"""The report in a real browser: what it asks for and complains of, and what becomes of hostile texts."""

import json
import re
from typing import Final

import pytest

from tests.browser import LOOKS
from tests.views.conftest import URL, Open
from tests.views.tenants import HOSTILE, MANY, TENANTS

# What it asks for, and complains of


@pytest.mark.parametrize("tenant", [name for name in TENANTS if name != MANY])
def test_a_page_asks_for_nothing_and_complains_of_nothing(tenant: str, opened: Open) -> None:
    """Whatever a tenant has: one request, for the page itself; no error, no warning, no violation of the policy."""
    with opened(tenant) as visit:
        for button in visit.page.get_by_role("button").all():
            button.click()
        assert visit.page.locator("section").count() == 5
        assert visit.requests == [URL]
        assert visit.complaints == []


def test_what_breaks_the_policy_is_complained_of(opened: Open) -> None:
    """The check above can fail: a script, a style and a picture of somebody else's are stopped, and seen."""
    with opened("empty") as visit:
        visit.page.evaluate(
            """() => document.body.insertAdjacentHTML("beforeend",
                '<img src="https://evil.example/x.png"><p style="color: red">x</p><a id="evil" onclick="x()">x</a>')"""
        )
        visit.page.locator("#evil").click()
        assert all("Content Security Policy" in complaint for complaint in visit.complaints)
        stopped = {name for complaint in visit.complaints for name in re.findall(r"(style|script|img)-src ", complaint)}
        assert stopped == {"style", "script", "img"}
        assert visit.requests == [URL, "https://evil.example/x.png"]


def test_a_score_needs_no_plan(opened: Open) -> None:
    """Where no control profile was kept, the score is told all the same, and the plan says what it lacks."""
    with opened("no profile") as visit:
        assert re.fullmatch(r"\d+\.\d %", visit.page.locator(".score").inner_text())
        assert "needs a secure score and the control profiles" in visit.page.locator("#plan").inner_text()


# What somebody else wrote


def test_what_comes_from_graph_stays_text(opened: Open) -> None:
    """No element, no attribute, no link and no script but the page's own, and titles are read as they were written."""
    with opened("hostile") as visit, opened("realistic") as harmless:
        assert visit.page.title() == harmless.page.title()
        assert set(visit.page.evaluate(_KINDS)) <= set(harmless.page.evaluate(_KINDS))
        links = visit.page.evaluate("() => [...document.links].map((link) => link.getAttribute('href'))")
        assert all(link.startswith(("https://portal.example/", "#")) for link in links)
        assert {link for link in links if link.startswith("https:")} != set()
        titles = visit.page.evaluate(
            "() => [...document.querySelectorAll('#plan tbody th')].map((th) => th.textContent)"
        )
        for text in HOSTILE[:-1]:
            # A page cannot hold these: the parser takes out NUL, and the app puts a question mark for half a pair.
            written = text.replace("\x00", "").replace("\ud800", "?").replace("\udc00", "?")
            assert any(title.startswith(written) for title in titles), json.dumps(text)[:100]


_KINDS: Final = """() => [...new Set([...document.querySelectorAll("*")].flatMap(
  (one) => [one.tagName, ...one.getAttributeNames().filter((name) => !name.startsWith("data-"))]))].sort()"""


@pytest.mark.parametrize("look", LOOKS)
def test_a_long_title_makes_rows_not_columns(look: str, opened: Open) -> None:
    """10,000 letters without a space break where they must; only the days' table is wide, with a column a basis."""
    with opened("hostile", look) as visit:
        wide = "() => [...document.querySelectorAll('.scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1)"
        assert visit.page.evaluate(f"{wide}.map((box) => box.getAttribute('aria-label') ?? 'plan')") in (
            [],
            ["Score by day"],
        )
