"""The report's charts: pygal draws them as SVG, the page's own style sheet colours them. Pure.

pygal puts a style sheet, a script and its settings into each chart; all of it is taken out, so that one strict
Content-Security-Policy holds for the page, and a chart follows its light and dark colours.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from xml.etree.ElementTree import Element

import pygal
from markupsafe import Markup

from shared.views.alerts import SEVERITIES
from shared.views.history import History
from shared.views.words import basis, signed

_WIDE: Final = {"width": 900, "height": 320}
_LOW: Final = {"width": 900, "height": 240}

_CONFIG: Final[dict[str, Any]] = {
    "js": (),
    "css": (),
    "disable_xml_declaration": True,
    "classes": ("chart",),
    "legend_at_bottom": True,
    "legend_box_size": 12,
    "show_x_guides": False,
    "show_minor_x_labels": False,
    "truncate_legend": -1,
    "truncate_label": -1,
    "margin": 12,
    "margin_right": 40,
    "max_scale": 7,
    "no_data_text": "No data",
}

_DRAWN: Final = frozenset({"svg", "g", "path", "rect", "circle", "text", "tspan"})
"""What is left of a chart: neither style sheet nor script, nor what only the script reads."""


def trend(history: History) -> Markup:
    """The score in percent over all days, with the averages of others; days on which something is odd are marked."""
    values = [value for one in history.days for value in (one.percent, *one.averages.values()) if value is not None]
    low, high = min(values) // 10 * 10, -(-max(values) // 10) * 10
    chart = pygal.DateLine(
        **_CONFIG | {"show_minor_x_labels": True},
        **_WIDE,
        show_dots=False,
        allow_interruptions=True,
        range=(low, max(high, low + 10)),
        x_labels=[one.day for one in history.days[:: max(1, len(history.days) // 6)]],
        x_value_formatter=lambda day: f"{day:%d %b %y}",
        value_formatter=lambda value: f"{value:.0f} %",
    )
    chart.add("this tenant", [(one.day, one.percent) for one in history.days])
    for name in dict.fromkeys(name for one in history.days for name in one.averages):
        chart.add(basis(name), [(one.day, one.averages.get(name)) for one in history.days])
    if odd := [(one.day, low) for one in history.days if one.oddities]:
        chart.add("odd or missing", odd, stroke=False, show_dots=True, dots_size=3)
    return _markup(chart, "Secure score in percent, by day", kind="trend")


def comparison(percent: float, averages: Mapping[str, float]) -> Markup:
    """The newest score beside the averages."""
    height = 70 + 40 * (1 + len(averages))
    chart = pygal.HorizontalBar(**_CONFIG | {"show_legend": False}, width=900, height=height, range=(0, 100))
    # pygal draws horizontal bars from the bottom up.
    chart.x_labels = [*map(basis, list(averages)[::-1]), "this tenant"]
    chart.add("percent", [*list(averages.values())[::-1], percent], formatter=lambda value: f"{value:.1f} %")
    return _markup(chart, "Secure score compared with others, in percent", kind="comparison")


def changes(by_day: Mapping[date, float]) -> Markup:
    """By how many points the score moved on each day."""
    chart = pygal.StackedBar(**_CONFIG | {"show_legend": False}, **_LOW)
    chart.x_labels = [f"{day:%d %b}" for day in by_day]
    chart.x_labels_major = chart.x_labels[:: max(1, len(by_day) // 8)]
    chart.add("gained", [max(0.0, points) or None for points in by_day.values()], formatter=signed)
    chart.add("lost", [min(0.0, points) or None for points in by_day.values()], formatter=signed)
    return _markup(chart, "Points gained and lost, by day", kind="changes")


def new_alerts(by_day: Mapping[date, Mapping[str, int]]) -> Markup:
    """Alerts by the day of their creation and by severity."""
    chart = pygal.StackedBar(**_CONFIG, **_LOW)
    chart.x_labels = [f"{day:%d %b}" for day in by_day]
    chart.x_labels_major = chart.x_labels[:: max(1, len(by_day) // 8)]
    return _by_severity(chart, list(by_day.values()), "New alerts by day and severity")


def open_alerts(by_product: Mapping[str, Mapping[str, int]]) -> Markup:
    """Open alerts by product and severity."""
    chart = pygal.HorizontalStackedBar(**_CONFIG, width=900, height=110 + 34 * len(by_product))
    chart.x_labels = list(by_product)[::-1]
    return _by_severity(chart, list(by_product.values())[::-1], "Open alerts by product and severity")


def ages(by_age: Mapping[str, Mapping[str, int]]) -> Markup:
    """Open alerts by their age and severity."""
    chart = pygal.StackedBar(**_CONFIG | {"show_minor_x_labels": True}, **_LOW)
    chart.x_labels = list(by_age)
    return _by_severity(chart, list(by_age.values()), "Open alerts by age and severity")


def _by_severity(chart: Any, columns: Sequence[Mapping[str, int]], title: str) -> Markup:
    for severity in SEVERITIES:
        chart.add(severity, [column[severity] or None for column in columns])
    chart.value_formatter = lambda count: f"{count:.0f}"
    return _markup(chart, title, kind="severities")


def _markup(chart: Any, title: str, *, kind: str) -> Markup:
    def prepare(root: Element) -> Element:
        for parent in list(root.iter()):
            parent.attrib.pop("style", None)
            parent.attrib.pop("id", None)
            for child in list(parent):
                if child.tag == "desc" and child.get("class") == "value":
                    child.tag = "title"  # what a pointer shows without any script
                elif child.tag not in _DRAWN:
                    parent.remove(child)
        root.set("role", "img")
        root.set("aria-label", title)
        root.set("class", f"chart {kind}")
        return root

    chart.add_xml_filter(prepare)
    return Markup(chart.render(is_unicode=True))  # noqa: S704 - pygal escapes what it draws
