"""One browser, and each made-up tenant's page, rendered once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Route

from shared.views import policy
from shared.views.report import Report, render
from tests.browser import Visit, chromium, visit
from tests.views.tenants import TENANTS

URL: Final = "https://app.example/api/report"

type Open = Callable[..., AbstractContextManager[Visit]]


@cache
def report_of(tenant: str) -> Report:
    """What is found out about one of ``TENANTS``."""
    return TENANTS[tenant]().report()


@cache
def page_of(tenant: str) -> bytes:
    """Its page."""
    return render(report_of(tenant))


# Not for the session: while Playwright runs, asyncio.run() fails in the same thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Open:
    """Opens a tenant's page as the app serves it, headers included; whatever else is asked for fails."""

    @contextmanager
    def open_page(tenant: str, look: str = "light", **options: Any) -> Iterator[Visit]:
        def serve(route: Route) -> None:
            if route.request.url == URL:
                headers = policy.headers() | {"Content-Type": "text/html; charset=utf-8"}
                route.fulfill(body=page_of(tenant), headers=headers)
            else:
                route.abort()

        with visit(browser, look, **options) as visited:
            visited.page.route("**/*", serve)
            visited.page.goto(URL)
            yield visited

    return open_page


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: the folder of ``--screenshots``, or one that is forgotten."""
    kept = request.config.getoption("--screenshots")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
