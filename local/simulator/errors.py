"""Answers other than data, as exceptions that know their status and Graph's words."""

import json
from collections.abc import Mapping
from datetime import datetime


class Refusal(Exception):
    """An answer with Graph's error body."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def invalid_query(detail: str) -> Refusal:
    """400 as OData words it; the code really is empty (quoted in wazuh/wazuh#28070)."""
    return Refusal(400, "", f"The query specified in the URI is not valid. {detail}")


_CODES = {
    404: "itemNotFound",
    405: "notAllowed",
    410: "Gone",
    429: "TooManyRequests",
    500: "generalException",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


def of_status(status: int, retry_after: str | None = None) -> Refusal:
    """A failure that carries no more than its status."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    message = "Please retry again later." if status == 429 else f"The service answered {status}."
    return Refusal(status, _CODES.get(status, "UnknownError"), message, headers)


def error_body(refusal: Refusal, *, now: datetime, request_id: str, client_request_id: str) -> bytes:
    """Graph's error body.

    A 429 nests a code, a message and a status as the throttling page shows it; the other errors carry
    ``date`` and the two request ids.
    """
    inner = {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": request_id}
    if refusal.status == 429:
        inner = {"code": "429", **inner, "message": "Please retry after", "status": "429"}
    else:
        inner["client-request-id"] = client_request_id
    error: dict[str, object] = {"code": refusal.code, "message": refusal.message}
    if not refusal.code:
        error["details"] = []
    return json.dumps({"error": error | {"innerError": inner}}).encode()
