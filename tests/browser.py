"""The browser of this machine, as a person's: what a page asks for in it, and what it complains of."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET: Final = ("disable-background-networking", "disable-component-update", "disable-sync", "no-first-run")

WIDE: Final = {"width": 1200, "height": 900}
PHONE: Final = {"width": 390, "height": 844}

LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True, "is_mobile": True},
    "print": {"color_scheme": "dark", "viewport": {"width": 720, "height": 1000}},
}
"""How a page may be looked at. Paper is white, whatever the screen was."""


@dataclass(frozen=True)
class Visit:
    """A page that is open, and what has happened in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Every URL that was asked for."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, violations of the policy among them, and what scripts raised."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium or Chrome. Where there is none, tests are skipped; in CI they fail."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        missing = f"None of {', '.join(_NAMES)} is installed: pages can't be looked at"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    switches = [f"--{switch}" for switch in _QUIET]
    if os.geteuid() == 0:
        switches.append("--no-sandbox")  # Chromium does not start as root otherwise
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=switches)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, look: str = "light", **options: Any) -> Iterator[Visit]:
    """A fresh window in one of ``LOOKS``; nothing is open in it yet."""
    with browser.new_context(**LOOKS[look] | options) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        if look == "print":
            page.emulate_media(media="print")
        visited = Visit(page)
        page.on("request", lambda request: visited.requests.append(request.url))
        page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: visited.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        yield visited
