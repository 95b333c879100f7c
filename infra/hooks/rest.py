"""JSON over HTTP: what Azure Resource Manager, Graph and the app have in common."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential_jitter

from infra.hooks.stopped import Refused, Unavailable
from shared.clock import Clock
from shared.graph.answers import retry_after_s

_TIMEOUT_S: Final = (10.0, 100.0)
"""Connect and read."""
_PATIENCE_S: Final = 180.0
"""No single request is waited for longer than this, whatever Retry-After says."""
_TRIES: Final = 8
_OWN_WAIT: Final = wait_exponential_jitter(initial=1.0, max=30.0, jitter=1.0)
_PASSING: Final = (408, 429, 500, 502, 503, 504)
_HOST_IS_DOWN: Final = "from host runtime"
"""Resource Manager answers 400 "Encountered an error (ServiceUnavailable) from host runtime." while a function app
restarts (Azure/azure-functions-host#5722)."""
_WORDS: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; ``data`` is its JSON, None where it has none."""

    status: int
    data: Any
    retry_after: str | None


class _TryAgain(Exception):
    """The same request may succeed later; ``floor_s`` is the service's floor for the wait."""

    def __init__(self, what: str, floor_s: float = 0.0) -> None:
        super().__init__(what)
        self.floor_s = floor_s


class _Headers(AuthBase):
    """Sets headers last: requests would put in what a .netrc file says, otherwise."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class Rest:
    """Asks one service.

    Args:
        name: what messages call it.
        base_url: where it is, without a slash at the end.
        headers: makes the headers that open it, anew for each request.
        clock: tells the time, and waits.
    """

    def __init__(self, name: str, base_url: str, headers: Callable[[], Mapping[str, str]], clock: Clock) -> None:
        self.base_url = base_url
        self._name = name
        self._headers = headers
        self._clock = clock
        self._session = requests.Session()

    def get(self, path: str) -> Any:
        """The JSON of a GET; errors as ``send``."""
        return self.send("GET", path)

    def items(self, path: str) -> Iterator[Any]:
        """What a list holds, page after page; errors as ``send``."""
        while path:
            page = self.send("GET", path)
            yield from page["value"]
            following = urlsplit(page.get("nextLink") or page.get("@odata.nextLink") or "")
            if following.hostname not in (None, urlsplit(self.base_url).hostname):
                # It would get our token.
                raise Unavailable(f"{self._name} names a next page on another host than {self.base_url}.")
            path = urlunsplit(("", "", following.path, following.query, ""))

    def send(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer in the two hundreds; what is passing is waited out.

        Raises:
            Refused: the service would say the same again.
            Unavailable: it could not serve the request for minutes.
        """
        started = self._clock.monotonic()
        retrying = Retrying(
            retry=retry_if_exception_type(_TryAgain),
            wait=_wait_s,
            stop=lambda state: (
                state.attempt_number >= _TRIES or self._clock.monotonic() + state.upcoming_sleep > started + _PATIENCE_S
            ),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(self._checked, method, path, body)
        except _TryAgain as last:
            raise Unavailable(f"{last}. Run this again in some minutes.") from None

    def ask(self, method: str, path: str, body: object = None) -> Answer | None:
        """One answer as it is, or None where none came."""
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=body,
                auth=_Headers({"Accept": "application/json", **self._headers()}),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException:
            return None  # not its text: that holds the URL
        return Answer(response.status_code, _json(response.content), response.headers.get("Retry-After"))

    def _checked(self, method: str, path: str, body: object) -> Any:
        what = f"{self._name}, {method} {urlsplit(path).path}"
        answer = self.ask(method, path, body)
        if answer is None:
            raise _TryAgain(f"{what}: no answer from {self.base_url}")
        if 200 <= answer.status < 300:
            return answer.data
        code, words = _error(answer.data)
        said = f"{what}: {answer.status} {code}: {words}"
        if answer.status in _PASSING or (answer.status == 400 and _HOST_IS_DOWN in words):
            raise _TryAgain(said, retry_after_s(answer.retry_after, self._clock.now()))
        raise Refused(said, status=answer.status, code=code, words=words)


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (error.floor_s if isinstance(error, _TryAgain) else 0.0) or _OWN_WAIT(state)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _error(data: Any) -> tuple[str, str]:
    """Code and message: ``{"error": {"code", "message"}}``, or App Service's older ``{"Code", "Message"}``."""
    match data:
        case {"error": {"code": str(code), "message": str(message)}}:
            return code, message[:_WORDS]
        case {"Code": str(code), "Message": str(message)}:
            return code, message[:_WORDS]
        case _:
            return "(no code)", "no error body"
