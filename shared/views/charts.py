"""The report's charts: pygal draws them as SVG, the page's own style sheet colours them. Pure.

pygal puts a style sheet, a script and its settings into each chart; all of it is taken out, so that one strict
Content-Security-Policy holds for the page, and a chart follows its light and dark colours. Each chart can be drawn
wide, or narrow for a phone: shrunk as a whole, its text could not be read.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final
from xml.etree.ElementTree import Element

import pygal
from markupsafe import Markup
from pygal.style import Style

from shared.views.alerts import SEVERITIES
from shared.views.history import Day, History
from shared.views.words import basis, short, signed, tenth

_WIDE: Final = 900
_NARROW: Final = 380
_TEXT: Final = 13
"""In both; report.css sets the same. pygal leaves as much room as it thinks such text needs."""

_CONFIG: Final[dict[str, Any]] = {
    "js": (),
    "css": (),
    "disable_xml_declaration": True,
    "style": Style(label_font_size=_TEXT, major_label_font_size=_TEXT, legend_font_size=_TEXT, value_font_size=_TEXT),
    "legend_at_bottom": True,
    "legend_box_size": 12,
    "show_x_guides": False,
    "truncate_legend": 22,
    "truncate_label": -1,
    "margin": 8,
    "margin_right": 36,
    "max_scale": 7,
    "no_data_text": "No data",
}

_BASES_DRAWN: Final = 3
"""Graph documents three; the table has them all."""

_PRODUCTS_DRAWN: Final = 16
"""Graph has 14, ``unknown`` among them (microsoft.graph.security.serviceSource); the table has any that are new."""

_DRAWN: Final = frozenset({"svg", "g", "path", "rect", "circle", "text", "tspan"})
"""What is left of a chart: neither style sheet nor script, nor what only the script reads."""


def trend(history: History, *, narrow: bool = False) -> Markup:
    """The score in percent over all days, with the averages of others; days on which something is odd are marked."""
    bases = _bases(history.days)
    shown = [
        value
        for one in history.days
        for value in (one.percent, *(one.averages.get(name) for name in bases))
        if value is not None
    ]
    low, high = min(shown) // 10 * 10, -(-max(shown) // 10) * 10
    odd = [(one.day.toordinal(), low) for one in history.days if one.oddities]
    steps = 3 if narrow else 7
    # Not pygal.DateLine: it makes days with a function that Python has deprecated.
    chart = pygal.XY(
        **_config(narrow=narrow, height=340 if narrow else 360, series=1 + len(bases) + bool(odd)),
        show_dots=False,
        allow_interruptions=True,
        range=(low, max(high, low + 10)),
        x_labels=_spread([one.day.toordinal() for one in history.days], steps),
        x_value_formatter=_day,
        value_formatter=lambda value: f"{value:.0f} %",
    )
    chart.add("this tenant", [(one.day.toordinal(), one.percent) for one in history.days])
    for name in bases:
        chart.add(basis(name), [(one.day.toordinal(), one.averages.get(name)) for one in history.days])
    if odd:
        name = "odd or missing"
        chart.add(name, odd, stroke=False, show_dots=True, dots_size=3, formatter=lambda dot: f"{_day(dot[0])}: {name}")
    others = [f"other-{n + 1}" for n in range(len(bases))]
    return _markup(chart, "Secure score in percent, by day", kind="trend", colours=["we", *others, "odd"])


def comparison(percent: float, averages: Mapping[str, float], *, narrow: bool = False) -> Markup:
    """The newest score beside the averages."""
    others = [(short(basis(name), 22), average) for name, average in averages.items()]
    bars = [("this tenant", percent), *others[:_BASES_DRAWN]][::-1]  # pygal draws from the bottom up
    chart = pygal.HorizontalBar(
        **_config(narrow=narrow, height=44 + 38 * len(bars), series=0),
        range=(0, 100),
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:.0f}",
    )
    chart.x_labels = [name for name, _ in bars]
    chart.add("percent", [value for _, value in bars], formatter=lambda value: f"{tenth(value)} %")
    return _markup(chart, "Secure score compared with others, in percent", kind="comparison", colours=[])


def changes(by_day: Mapping[date, float], *, narrow: bool = False) -> Markup:
    """By how many points the score moved on each day."""
    chart = _columns([f"{day:%d %b}" for day in by_day], narrow=narrow, series=0)
    chart.value_formatter = signed
    chart.add("gained", [max(0.0, points) or None for points in by_day.values()])
    chart.add("lost", [min(0.0, points) or None for points in by_day.values()])
    return _markup(chart, "Points gained and lost, by day", kind="changes", colours=["gained", "lost"])


def new_alerts(by_day: Mapping[date, Mapping[str, int]], *, narrow: bool = False) -> Markup:
    """Alerts by the day of their creation and by severity."""
    chart = partial(_columns, [f"{day:%d %b}" for day in by_day], narrow=narrow)
    return _by_severity(chart, list(by_day.values()), "New alerts by day and severity")


def open_alerts(by_product: Mapping[str, Mapping[str, int]], *, narrow: bool = False) -> Markup:
    """Open alerts by product and severity."""
    first = dict(list(by_product.items())[:_PRODUCTS_DRAWN])
    chart = partial(_rows, list(first), narrow=narrow)
    return _by_severity(chart, list(first.values())[::-1], "Open alerts by product and severity")


def ages(by_age: Mapping[str, Mapping[str, int]], *, narrow: bool = False) -> Markup:
    """Open alerts by their age and severity."""
    chart = partial(_rows, list(by_age), narrow=narrow)
    return _by_severity(chart, list(by_age.values())[::-1], "Open alerts by age and severity")


def _rows(labels: Sequence[str], *, narrow: bool, series: int) -> Any:
    """Stacked bars that lie, from the bottom up."""
    chart = pygal.HorizontalStackedBar(**_config(narrow=narrow, height=44 + 32 * len(labels), series=series))
    chart.x_labels = [short(name, 18 if narrow else 36) for name in reversed(labels)]
    return chart


def _columns(labels: Sequence[str], *, narrow: bool, series: int) -> Any:
    """Stacked columns, with as many labels below as there is room for."""
    chart = pygal.StackedBar(**_config(narrow=narrow, height=240, series=series), show_minor_x_labels=False)
    chart.x_labels = labels
    chart.x_labels_major = _spread(labels, 4 if narrow else 8)
    return chart


def _by_severity(draw: Callable[..., Any], columns: Sequence[Mapping[str, int]], title: str) -> Markup:
    present = [severity for severity in SEVERITIES if any(column[severity] for column in columns)]
    chart = draw(series=len(present))
    # Halves of an alert, which pygal puts on a scale that ends at 1 or 2, get no label.
    chart.value_formatter = lambda count: f"{count:,.0f}" if count == round(count) else ""
    for severity in present:
        chart.add(severity, [column[severity] or None for column in columns])
    return _markup(chart, title, kind="severities", colours=present)


def _config(*, narrow: bool, height: int, series: int) -> dict[str, Any]:
    """How large a chart is; where it has series, with a legend below."""
    columns = max(1, min(series, 2 if narrow else 5))
    rows = -(-series // columns)
    legend = {"show_legend": series > 0, "legend_at_bottom_columns": columns}
    # pygal leaves no room for a last row of the legend that is not full.
    margin = {"margin_bottom": _CONFIG["margin"] + 24 * (rows - series // columns)}
    return _CONFIG | legend | margin | {"width": _NARROW if narrow else _WIDE, "height": height + 24 * rows}


def _day(ordinal: float) -> str:
    return f"{date.fromordinal(round(ordinal)):%d %b %y}"


def _bases(days: Sequence[Day]) -> list[str]:
    return list(dict.fromkeys(name for one in days for name in one.averages))[:_BASES_DRAWN]


def _spread[T](labels: Sequence[T], count: int) -> list[T]:
    """So many of them at most, evenly apart, the first among them."""
    return list(labels[:: -(-len(labels) // count) or 1])


def _markup(chart: Any, title: str, *, kind: str, colours: Sequence[str]) -> Markup:
    """The chart, bare. ``colours`` are the classes by which report.css colours its series, in order."""
    names = {f"color-{n}": name for n, name in enumerate(colours)}

    def prepare(root: Element) -> Element:
        for parent in list(root.iter()):
            parent.attrib.pop("style", None)
            parent.attrib.pop("id", None)
            if classes := parent.get("class"):
                parent.set("class", " ".join(names.get(one, one) for one in classes.split()))
            for child in list(parent):
                if child.tag == "desc" and child.get("class") == "value":
                    child.tag = "title"  # what a pointer shows without any script
                elif child.tag not in _DRAWN:
                    parent.remove(child)
        root.set("role", "img")
        root.set("aria-label", title)
        root.set("class", f"chart {kind} {'narrow' if chart.width == _NARROW else 'wide'}")
        return root

    chart.add_xml_filter(prepare)
    return Markup(chart.render(is_unicode=True))  # noqa: S704 - pygal escapes what it draws
