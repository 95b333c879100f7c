"""Numbers, times and names as the report writes them."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import instants
from shared.views import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0.0"),
        (7, "7.0"),
        (51.25, "51.3"),  # the half itself goes up
        (0.25, "0.3"),
        (0.75, "0.8"),
        (0.05, "0.1"),  # a little more than the half
        (2.675, "2.7"),
        (0.15, "0.1"),  # a little less
        (0.35, "0.3"),
        (1.45, "1.4"),
        (12.35, "12.3"),
        (0.0499, "0.0"),
        (99.95, "100.0"),
        (99.949, "99.9"),
        (1e20, "100000000000000000000.0"),
    ],
)
def test_one_decimal(value: float | None, text: str) -> None:
    """As JavaScript writes it: the nearest tenth of what the float really holds."""
    assert words.tenth(value) == text


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here: the table above stands alone")
def test_node_writes_the_same() -> None:
    """The page's script writes the projection; without a tick it must show what stands there already."""
    values = [numerator / 80 for numerator in range(8001)] + [n / 100 for n in range(10_000)]
    script = "console.log(JSON.parse(require('fs').readFileSync(0)).map(v => v.toFixed(1)).join(' '))"
    done = subprocess.run(["node", "-e", script], input=str(values), capture_output=True, text=True, check=True)  # noqa: S607
    assert done.stdout.split() == [words.tenth(value) for value in values]


@given(st.floats(0, 1e20))
def test_a_tenth_is_never_far_off(value: float) -> None:
    """At most half a tenth, and the spacing of floats."""
    assert abs(float(words.tenth(value)) - value) <= 0.05 * (1 + 1e-9) + value * 1e-15


@pytest.mark.parametrize(
    ("value", "text", "style"),
    [
        (6.25, "+6.3", "up"),
        (-6.25, "\N{MINUS SIGN}6.3", "down"),
        (0.05, "+0.1", "up"),
        (-0.05, "\N{MINUS SIGN}0.1", "down"),
        (0, "+0.0", ""),
        (0.0499, "+0.0", ""),
        (-0.0499, "\N{MINUS SIGN}0.0", ""),
    ],
)
def test_what_went_up_or_down(value: float, text: str, style: str) -> None:
    """With its sign; coloured only where a reader sees a difference."""
    assert (words.signed(value), words.direction(value)) == (text, style)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 min"),
        (0.5, "30 min"),
        (0.99, "59 min"),
        (1, "1 h"),
        (25.4, "25 h"),
        (47.4, "47 h"),
        (48, "2 days"),
        (240, "10 days"),
    ],
)
def test_hours(value: float, text: str) -> None:
    """In the unit that fits."""
    assert words.hours(value) == text


def test_times() -> None:
    """In UTC; cut, not rounded, so that no day begins early."""
    at = instants.from_text("2026-11-23T23:59:59.9999999Z")
    assert (words.day(at), words.moment(at)) == ("2026-11-23", "2026-11-23 23:59")


def test_names() -> None:
    """In people's words; a new one stays as Graph has it."""
    assert (words.basis("TotalSeats"), words.basis("SomethingNew")) == ("tenants of this size", "SomethingNew")
    assert words.product("microsoftDefenderForEndpoint") == "Defender for Endpoint"
    assert words.product("somethingNew") == "somethingNew"
