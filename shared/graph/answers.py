"""What an answer of Graph means: data, try again, or an error that says what to do. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.errors import GraphRefused, GraphUnavailable

_THROTTLED = (429, 503, 509)
_FAULTY = (500, 502, 504)
_NO_ANSWER = 0


class ServerFault(GraphUnavailable):
    """500, 502, 504 or no answer, again and again: Graph is down, or stumbles over what was asked for."""


class OutOfTime(GraphUnavailable):
    """Graph would serve the request, but asks to wait for longer than the run may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TryAgain(Exception):
    """The same request may succeed later.

    ``status`` is the HTTP status, 0 where no answer came; ``retry_after_s`` Graph's floor for the wait, in seconds.
    """

    def __init__(self, what: str, *, status: int = _NO_ANSWER, retry_after_s: float = 0.0) -> None:
        super().__init__(what)
        self.status = status
        self.throttled = status in _THROTTLED
        self.retry_after_s = retry_after_s


def checked(answer: Answer, *, tenant: str, path: str, permission: str, now: datetime) -> Answer:
    """Return a 2xx as it is.

    ``path`` is named in errors, never a whole URL: a nextLink carries a token.

    Raises:
        TryAgain: throttled (429, 503, 509) or faulty (500, 502, 504).
        GraphRefused: anything else.
    """
    if 200 <= answer.status < 300:
        return answer
    code, message = _error(answer.body)
    said = f"tenant {tenant}: Graph answered {path} with {answer.status} {code or '(no code)'}: {message}"
    if request_id := answer.headers.get("request-id"):
        said += f" (request-id {request_id})"
    if answer.status in _THROTTLED or answer.status in _FAULTY:
        floor = retry_after_s(answer.headers.get("retry-after"), now)
        raise TryAgain(said, status=answer.status, retry_after_s=floor)
    raise GraphRefused(f"{said}. {_advice(answer.status, permission)}", status=answer.status, code=code)


def retry_after_s(value: str | None, now: datetime) -> float:
    """Seconds that a Retry-After asks for, in its number form or its date form; 0 where it says nothing usable."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _error(body: bytes) -> tuple[str, str]:
    """Code and message of Graph's error body; the message is cut, since it is foreign text."""
    try:
        error = json.loads(body)["error"]
        return str(error.get("code") or ""), str(error.get("message") or "")[:300]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", "no error body of Graph's form"


def _advice(status: int, permission: str) -> str:
    match status:
        case 401:
            return "Check TENANT_ID, GRAPH_BASE_URL and the managed identity: Graph does not accept the token."
        case 403:
            return (
                f"Grant the application permission {permission} to the app's identity, with admin consent; "
                "a token issued before is used for up to a day."
            )
        case 404 | 410:
            return "Graph does not offer this here (any more). If it is a source, take it out of EXPORT_SOURCES."
        case 412:
            return "It was changed meanwhile: read it again, and decide anew."
        case _:
            return "The same request would be refused again."
