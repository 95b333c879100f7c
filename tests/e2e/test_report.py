"""The report on the local stack: made from what was exported, served over real HTTP, looked at in a real browser."""

from collections.abc import Iterator

import pytest
import requests

from local.stack import TENANT, Stack
from tests.browser import Visit, chromium, visit
from tests.e2e.driving import complete, fire, lift_limit
from tests.e2e.waiting import until

SETTINGS = {"EXPORT_LOOKBACK_DAYS": "3", "GRAPH_REQUESTS_PER_MINUTE": "60000"}
DATA = {"alerts": 300, "days": 3}
STRANGER = "99999999-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that has exported everything, and made no report yet."""
    options = ("--no-timers", "--message-lease=5")
    with Stack(data=DATA, settings=SETTINGS, host_options=options, logs=tmp_path_factory.mktemp("logs")) as running:
        lift_limit(running)
        fire(running, "export_alerts")
        fire(running, "export_secure_scores")
        for source in ("alerts_v2", "secureScores", "secureScoreControlProfiles"):
            until(lambda source=source: complete(running, source), f"the export of {source}")  # type: ignore[misc]
        yield running


@pytest.fixture(scope="module")
def before(stack: Stack) -> requests.Response:
    """What the app answers while there is no report."""
    return get(stack)


@pytest.fixture(scope="module")
def url(stack: Stack, before: requests.Response) -> str:
    """Where the report is, once it is made."""
    assert before.status_code == 404
    fire(stack, "render_report")
    until(lambda: get(stack).status_code == 200, "the report")
    return f"{stack.host_url}/api/report"


@pytest.fixture(scope="module")
def seen(url: str) -> Iterator[Visit]:
    """The report in Chromium."""
    with chromium() as browser, visit(browser) as visited:
        visited.page.goto(url)
        yield visited


def get(stack: Stack, **query: str) -> requests.Response:
    """Ask for the report."""
    return requests.get(f"{stack.host_url}/api/report", params=query, timeout=30)


def test_before_the_first_report_the_answer_says_who_makes_it(before: requests.Response) -> None:
    """404, and the function and the setting by name."""
    assert before.status_code == 404
    assert before.json() == {"error": "There is no report yet. render_report makes one at REPORT_SCHEDULE."}


def test_a_strangers_report_is_not_shown(stack: Stack, url: str) -> None:
    """404 for a tenant that is not exported; the own tenant may be named, in whatever case."""
    assert get(stack, tenant=STRANGER).json() == {"error": "This tenant is not exported."}
    assert get(stack, tenant=STRANGER).status_code == 404
    assert get(stack, tenant="../../secrets").status_code == 404
    assert get(stack, tenant=TENANT.upper()).content == requests.get(url, timeout=30).content


def test_the_page_is_served_so_that_nothing_leaks(url: str) -> None:
    """Not cached, not framed, no script but its own, and no address with a key in a Referer."""
    headers = requests.get(url, timeout=30).headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_browser_asks_for_nothing_else(seen: Visit, url: str) -> None:
    """One request, no complaint: the headers and the page agree on its style and its script."""
    assert seen.page.locator("h1").inner_text() == "Security report"
    assert TENANT in seen.page.locator("header").inner_text()
    assert seen.page.locator("svg.wide").filter(visible=True).count() >= 3
    assert seen.complaints == []
    assert seen.requests == [url]


def test_the_script_runs_as_it_is_served(seen: Visit) -> None:
    """A tick moves the projected score."""
    projected = seen.page.locator("#projected")
    today = projected.inner_text()
    seen.page.locator("#c1").check()
    assert projected.inner_text() != today
    assert seen.page.locator("#chosen").inner_text() == "1"
