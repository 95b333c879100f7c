"""The report in a real browser: how it looks, in light and dark, on a phone and on paper."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.browser import LOOKS
from tests.views.conftest import Open
from tests.views.tenants import EVERY_PRODUCT

PIECE_PX: Final = 1400
"""How much of a page is on one picture."""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("tenant", ["realistic", "hostile", "one day", "one week", "all products"])
def test_nothing_is_clipped_or_overlaps(tenant: str, look: str, opened: Open, screenshots: Path) -> None:
    """The page is as wide as the window, text in charts lies inside them, and no two texts of a chart touch."""
    with opened(tenant, look) as visit:
        page = visit.page
        width, height = page.evaluate("() => [document.documentElement.scrollWidth, document.body.scrollHeight]")
        assert width == LOOKS[look]["viewport"]["width"]
        if tenant != "hostile":  # its W are twice as wide as letters of which words are made
            assert page.evaluate(_CHART_TEXTS_THAT_COLLIDE) == []
            assert page.evaluate(_WORDS_THAT_ARE_BROKEN) == []
        assert page.evaluate(_TEXTS_THAT_ARE_CUT) == []
        for at in range(0, height if tenant == "realistic" else min(height, PIECE_PX), PIECE_PX):
            clip = {"x": 0, "y": at, "width": width, "height": min(PIECE_PX, height - at)}
            file = screenshots / f"{tenant}-{look}-{at // PIECE_PX:02}.png"
            page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]


_CHART_TEXTS_THAT_COLLIDE: Final = """() => {
  const wrong = [];
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent);
    const boxes = texts.map((text) => text.getBoundingClientRect());
    boxes.forEach((a, n) => {
      const told = `${svg.getAttribute("aria-label")}: ${texts[n].textContent}`;
      if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1)
        wrong.push(`outside: ${told}`);
      boxes.slice(n + 1).forEach((b, m) => {
        // A line's box is higher than its letters: two lines may touch by some of that.
        if (a.left < b.right && b.left < a.right && a.top < b.bottom - 4 && b.top < a.bottom - 4)
          wrong.push(`overlap: ${told}, ${texts[n + 1 + m].textContent}`);
      });
    });
  }
  return wrong;
}"""

_WORDS_THAT_ARE_BROKEN: Final = """() => [...document.querySelectorAll("td, .tag")]
  .filter((cell) => /^[^ ]+$/.test(cell.textContent))
  .filter((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map((line) => Math.round(line.top / 8))).size > 1;
  })
  .map((cell) => cell.textContent)"""

_TEXTS_THAT_ARE_CUT: Final = """() => [...document.querySelectorAll("h1, h2, h3, p, li, button, .projection, .scroll")]
  .filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1 && !box.closest("[tabindex], .skip"))
  .map((box) => box.className + box.textContent.slice(0, 80))"""
"""What may scroll can be focused."""


@pytest.mark.parametrize("look", LOOKS)
def test_charts_can_be_read_in_every_light(look: str, opened: Open) -> None:
    """Their text has a contrast of 4.5 to 1 at least, and what is drawn 3 to 1 (WCAG 1.4.3 and 1.4.11)."""
    with opened("realistic", look) as visit:
        colours = visit.page.evaluate(_CHART_COLOURS)
        assert len(colours["texts"]) >= 2
        assert len(colours["shapes"]) >= 9
        assert {pair: ratio for pair in colours["texts"] if (ratio := contrast(pair)) < 4.5} == {}
        assert {pair: ratio for pair in colours["shapes"] if (ratio := contrast(pair)) < 3} == {}


_CHART_COLOURS: Final = """() => {
  const pairs = (selector, property) => [...new Set([...document.querySelectorAll(selector)]
    .filter((shape) => shape.getBoundingClientRect().width)
    .map((shape) => getComputedStyle(shape)[property] + " on " +
      getComputedStyle(shape.closest("section")).backgroundColor))];
  return {
    texts: pairs("svg text", "fill"),
    shapes: [...pairs(".bar rect, .dot, .legend rect", "fill"), ...pairs(".series path.line", "stroke")],
  };
}"""


def contrast(pair: str) -> float:
    """The ratio of two colours' luminances, as WCAG defines it."""
    numbers = [int(number) / 255 for number in re.findall(r"\d+", pair)]
    assert len(numbers) == 6, pair
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in numbers]
    dark, light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear[:3], linear[3:]))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", ["light", "phone"])
def test_every_product_of_graph_is_drawn_and_told_apart(look: str, opened: Open) -> None:
    """With room for some that are new; where names are shortened for a phone, no two of Graph are the same."""
    with opened("all products", look) as visit:
        drawn = visit.page.locator('svg[aria-label="Open alerts by product and severity"]').filter(visible=True)
        labels = drawn.locator(".axis.y text").all_text_contents()
        assert len(labels) == len(set(labels)) == len(EVERY_PRODUCT) + 2 == 16


@pytest.mark.parametrize("tenant", ["realistic", "one day"])
def test_each_chart_has_its_table_beside_it(tenant: str, opened: Open) -> None:
    """Whoever cannot see a chart reads its table, which follows in the same section, before the next chart."""
    with opened(tenant) as visit:
        followed = visit.page.evaluate(
            """() => [...document.querySelectorAll("figure")].map((figure) => {
              const after = [...figure.closest("section").querySelectorAll("figure, table")];
              return after[after.indexOf(figure) + 1]?.tagName + figure.querySelectorAll("svg").length;
            })""",
        )
        assert followed == ["TABLE2"] * (6 if tenant == "realistic" else 4)
        assert visit.page.locator("svg").count() == 2 * len(followed)


def test_paper_is_white_and_few(opened: Open) -> None:
    """What is folded away stays so, and the plan's buttons are not printed; the report is some pages, not dozens."""
    with opened("3 years", "print") as visit:
        assert visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not visit.page.locator("button, details, nav").filter(visible=True).count()
        assert len(re.findall(rb"/Type /Page\b", visit.page.pdf(format="A4"))) <= 15


PICTURES: Final = {
    "score": ("light", "#score .hero, #score figure:first-of-type"),
    "plan": ("light", "#plan"),
    "alerts": ("dark", "#alerts"),
    "phone": ("phone", "#plan"),
}
"""For the README: where to look, and how."""


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_for_the_readme_are_small(name: str, opened: Open, screenshots: Path) -> None:
    """Pictures of the page with a few ticks, made anew by each run; whoever wants them asks for them."""
    look, part = PICTURES[name]
    with opened("realistic", look) as visit:
        page = visit.page
        for number in (2, 4, 8):
            page.locator(f"#c{number}").check()
        page.evaluate("scrollTo(0, 0)")
        boxes = [box for one in page.locator(part).all() if (box := one.bounding_box())]
        top, bottom = min(box["y"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
        left, right = min(box["x"] for box in boxes), max(box["x"] + box["width"] for box in boxes)
        height = min(bottom - top, 780)
        clip = {"x": left - 10, "y": top - 10, "width": right - left + 20, "height": height + 20}
        file = screenshots / f"{name}.png"
        page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]
        assert 5_000 < file.stat().st_size < 150_000
