"""HTTP answers."""

import json as _json
from collections.abc import Mapping

import azure.functions as func

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json(content: Mapping[str, object], status: int = 200) -> func.HttpResponse:
    """A JSON answer that no cache keeps and no browser takes for something else."""
    return encoded(_json.dumps(content, default=str, indent=2).encode(), status)


def encoded(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """The same of what is JSON already."""
    return func.HttpResponse(
        content, status_code=status, mimetype="application/json", headers={**_HEADERS, **(headers or {})}
    )


def text(content: str) -> func.HttpResponse:
    """Plain text that no browser takes for something else."""
    return func.HttpResponse(content, mimetype="text/plain", charset="utf-8", headers=_HEADERS)
