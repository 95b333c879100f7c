"""The report's own style and script, and the policy that lets nothing else run. Pure, and quick to load."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "page"
"""The template, the style sheet and the script."""


@cache
def part(name: str) -> str:
    """The text of one of the page's files."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def content_security_policy() -> str:
    """What the page carries as ``<meta>``: no requests at all, and no style or script but its own, by their digests."""
    css, js = _digest(part("report.css")), _digest(part("report.js"))
    return (
        f"default-src 'none'; style-src '{css}'; script-src '{js}'; img-src data:; "  # data: is the empty icon
        "base-uri 'none'; form-action 'none'"
    )


def headers() -> dict[str, str]:
    """What the page is served with: the same policy, and what a ``<meta>`` cannot say."""
    return {
        "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        # The page's address may hold a function key, and the page links to Microsoft's portals.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
