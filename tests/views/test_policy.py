"""The policy under which the page runs."""

from base64 import b64encode
from hashlib import sha256

from shared.views import policy


def digest(name: str) -> str:
    return b64encode(sha256(policy.part(name).encode()).digest()).decode()


def test_nothing_runs_but_the_pages_own() -> None:
    """Neither a request, nor a style or script of anybody else; a digest fails with the first changed byte."""
    assert policy.content_security_policy().split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest('report.css')}'",
        f"script-src 'sha256-{digest('report.js')}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_headers() -> None:
    """What a page cannot say of itself: not to be framed, kept, or named to another site."""
    assert policy.headers() == {
        "Content-Security-Policy": f"{policy.content_security_policy()}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
