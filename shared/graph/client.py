"""The only code that talks HTTP to Graph."""

from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import requests  # noqa: TID251
from requests.adapters import HTTPAdapter  # noqa: TID251
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential_jitter
from urllib3.exceptions import HTTPError

from shared.clock import Clock
from shared.errors import DataNotUnderstood
from shared.graph.answers import Answer, OutOfTime, ServerFault, TryAgain, checked
from shared.graph.throttle import RequestBudget

_TIMEOUT_S = (10.0, 100.0)
"""Connect and read. Providers behind Graph time out after 10 s each; a gateway answers 504 itself before this."""

_OWN_WAIT = wait_exponential_jitter(initial=1.0, max=30.0, jitter=1.0)

_FAULT_TRIES = 3
"""How often a request that meets 5xx or a broken connection is sent before it counts as a fault."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Graph."""

    method: str
    url: str
    path: str
    """What errors name in place of the URL: a nextLink carries a token."""
    permission: str
    """The application permission that it needs."""
    body: bytes | None = None
    """JSON."""


class Transport(Protocol):
    """Sends one request. Raises ``OSError`` where no answer came."""

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer: ...

    def reconnect(self) -> None:
        """Use new connections from now on: Graph asks for it after a 503 (Best practices)."""
        ...


class Tokens(Protocol):
    """Bearer tokens for Graph."""

    def token(self, tenant: str) -> str:
        """A token that is valid for some minutes more.

        Raises:
            GraphUnavailable: none could be had.
        """
        ...


@dataclass(slots=True)
class Tally:
    """What a piece of work asked of Graph; shared by no two threads."""

    requests: int = 0
    throttled: int = 0
    pages: int = 0


class HttpTransport:
    """Transport over ``requests``; threads share it, so it keeps no cookies and follows no redirects."""

    def __init__(self, connections: int) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("https://", HTTPAdapter(pool_maxsize=connections))
        self._session.mount("http://", HTTPAdapter(pool_maxsize=connections))

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        with self._session.request(
            method, url, headers=headers, data=body, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
        ) as response:
            try:
                # response.content joins the body from pieces of 10 KB, which costs more than all the rest here.
                content = response.raw.read(decode_content=True)
            except HTTPError as error:
                raise ConnectionError(type(error).__name__) from None
            return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)

    def reconnect(self) -> None:
        self._session.close()


class GraphClient:
    """Sends requests to Graph within its limits, and waits where it asks to wait."""

    def __init__(self, base_url: str, tokens: Tokens, transport: Transport, clock: Clock, per_minute: int) -> None:
        self.base_url = base_url.rstrip("/")
        self._origin = urlsplit(self.base_url)[:2]
        self._tokens = tokens
        self._transport = transport
        self._clock = clock
        self._per_minute = per_minute
        self._budgets: dict[tuple[str, int], RequestBudget] = {}
        self._lock = Lock()

    def send(
        self,
        tenant: str,
        call: Call,
        *,
        tally: Tally,
        until: float,
        fault_tries: int = _FAULT_TRIES,
        unhurried: bool = False,
    ) -> Answer:
        """Send one request, again where Graph asks for it.

        ``until`` is the monotonic second that no wait may pass: the decision falls before the wait. What is
        ``unhurried`` leaves half of the tenant's requests to others.

        Raises:
            GraphRefused: the request would be refused again.
            OutOfTime: throttled for longer than may be waited.
            ServerFault: 5xx or no answer, ``fault_tries`` times.
        """
        if urlsplit(call.url)[:2] != self._origin:
            # A nextLink is a URL from outside, and would get our token.
            raise DataNotUnderstood(f"tenant {tenant}: Graph named a next page on another host than {self.base_url}")
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=_wait_s,
            stop=lambda state: self._gives_up(state, until, fault_tries),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, tenant, call, tally, until, unhurried)
        except TryAgain as last:
            kind = OutOfTime if last.throttled else ServerFault
            raise kind(f"{last}. The next run tries again.") from last

    def _once(self, tenant: str, call: Call, tally: Tally, until: float, unhurried: bool) -> Answer:  # noqa: FBT001
        if unhurried:
            self._budget(tenant, max(1, self._per_minute // 2)).wait(until)
        self._budget(tenant, self._per_minute).wait(until)
        headers = {
            "Authorization": f"Bearer {self._tokens.token(tenant)}",
            "Accept": "application/json",
            # Without it Graph hides enum members that came later, Defender for Cloud's among them (Best practices).
            "Prefer": "include-unknown-enum-members",
            "client-request-id": str(uuid4()),
        }
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        tally.requests += 1
        try:
            answer = self._transport.send(call.method, call.url, headers, call.body)
            return checked(answer, tenant=tenant, path=call.path, permission=call.permission, now=self._clock.now())
        except OSError as error:
            what = f"tenant {tenant}: no answer from Graph to {call.path} ({type(error).__name__})"
            # Its text holds the URL, and a nextLink in it a token.
            raise TryAgain(what) from None
        except TryAgain as error:
            tally.throttled += error.throttled
            if error.status == 503:
                self._transport.reconnect()
            raise

    def _gives_up(self, state: RetryCallState, until: float, fault_tries: int) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryAgain) and not error.throttled and state.attempt_number >= fault_tries:
            return True
        return self._clock.monotonic() + state.upcoming_sleep > until

    def _budget(self, tenant: str, per_minute: int) -> RequestBudget:
        with self._lock:
            return self._budgets.setdefault((tenant, per_minute), RequestBudget(per_minute, self._clock))


def _wait_s(state: RetryCallState) -> float:
    """Seconds before the next try: what Graph's Retry-After asks for, or our own growing wait where it says nothing."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, TryAgain) else 0.0
    return asked_s or _OWN_WAIT(state)
