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

_CONNECT_S = 10.0
_READ_S = 100.0
"""Providers behind Graph time out after 10 s each; a gateway answers 504 itself before this."""
_SHORTEST_READ_S = 10.0
"""Where the job's time is nearly over."""

_OWN_WAIT = wait_exponential_jitter(initial=1.0, max=30.0, jitter=1.0)

_FAULT_TRIES = 3
"""How often a request that meets 5xx or a broken connection is sent before it counts as a fault."""

_PATIENCE_S = 60.0
"""How long Graph may keep one request from an answer, by throttling or silence, before its job gives its place to
another tenant's: only a few run at once. Graph counts its limits for alerts by the minute."""

_BUDGETS = 256
"""Tenants whose requests are counted before those are forgotten that asked nothing for a minute."""


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
    if_match: str | None = None
    """The state that is to be changed, and no later one: an ETag, or ``*``."""
    prefer: tuple[str, ...] = ()
    """What is preferred beside that which every request prefers, such as ``return=representation``."""

    @property
    def headers(self) -> dict[str, str]:
        """All that are sent but the token and the request's own id."""
        # Without the first one Graph hides enum members that came later, Defender for Cloud's among them
        # (Best practices).
        preferred = ("include-unknown-enum-members", *self.prefer)
        headers = {"Accept": "application/json", "Prefer": ", ".join(preferred)}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.if_match is not None:
            headers["If-Match"] = self.if_match
        return headers


class Transport(Protocol):
    """Sends one request. Raises ``OSError`` where no answer came.

    One with ``Connection: close`` goes over a new connection of its own.
    """

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = _READ_S
    ) -> Answer: ...


class Tokens(Protocol):
    """Bearer tokens for Graph."""

    def token(self, tenant: str) -> str:
        """A token that is valid for some minutes more.

        Raises:
            SettingsError, GraphRefused, GraphUnavailable: none can be had.
            TryAgain: none now.
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
        self._session = _session(connections)

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = _READ_S
    ) -> Answer:
        if headers.get("Connection") == "close":
            with _session(1) as alone:
                return _sent(alone, method, url, headers, body, timeout_s)
        return _sent(self._session, method, url, headers, body, timeout_s)


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", HTTPAdapter(pool_maxsize=connections))
    session.mount("http://", HTTPAdapter(pool_maxsize=connections))
    return session


def _sent(
    session: requests.Session, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float
) -> Answer:
    timeout = (min(_CONNECT_S, timeout_s), timeout_s)
    with session.request(
        method, url, headers=headers, data=body, timeout=timeout, allow_redirects=False, stream=True
    ) as response:
        try:
            # response.content joins the body from pieces of 10 KB, which costs more than all the rest here.
            content = response.raw.read(decode_content=True)
        except HTTPError as error:
            raise ConnectionError(type(error).__name__) from None
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)


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
        self._roomy = _BUDGETS
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

        ``until`` is the monotonic second that no wait may pass: the decision falls before the wait. Nor may Graph keep
        a request waiting for longer than a minute. What is ``unhurried`` leaves half of the tenant's requests to
        others.

        Raises:
            GraphRefused: the request would be refused again.
            OutOfTime: throttled for longer than may be waited.
            ServerFault: 5xx or no answer, ``fault_tries`` times.
        """
        if urlsplit(call.url)[:2] != self._origin:
            # A nextLink is a URL from outside, and would get our token.
            raise DataNotUnderstood(f"tenant {tenant}: Graph named a next page on another host than {self.base_url}")
        tries = _Tries(self._clock.monotonic(), unhurried)
        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=_wait_s,
            stop=lambda state: self._gives_up(state, min(until, tries.began + _PATIENCE_S), fault_tries),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, tenant, call, tally, until, tries)
        except TryAgain as last:
            kind = OutOfTime if last.throttled else ServerFault
            raise kind(f"{last}. Asked again later, it may succeed.") from last

    def _once(self, tenant: str, call: Call, tally: Tally, until: float, tries: "_Tries") -> Answer:
        token = self._tokens.token(tenant)
        asked = self._clock.monotonic()
        if tries.unhurried:
            self._budget(tenant, max(1, self._per_minute // 2)).wait(until)
        self._budget(tenant, self._per_minute).wait(until)
        now = self._clock.monotonic()
        tries.began += now - asked  # a wait for our own limit is none of Graph's
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            "client-request-id": str(uuid4()),
        }
        if tries.met_503:
            headers["Connection"] = "close"  # Graph asks for a new one after a 503 (Best practices)
        tally.requests += 1
        try:
            timeout_s = min(_READ_S, max(_SHORTEST_READ_S, until - now))
            answer = self._transport.send(call.method, call.url, headers, call.body, timeout_s)
            return checked(answer, tenant=tenant, path=call.path, permission=call.permission, now=self._clock.now())
        except OSError as error:
            what = f"tenant {tenant}: no answer from Graph to {call.path} ({type(error).__name__})"
            # Its text holds the URL, and a nextLink in it a token.
            raise TryAgain(what) from None
        except TryAgain as error:
            tally.throttled += error.throttled
            tries.met_503 = error.status == 503
            raise

    def _gives_up(self, state: RetryCallState, until: float, fault_tries: int) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryAgain) and not error.throttled and state.attempt_number >= fault_tries:
            return True
        return self._clock.monotonic() + state.upcoming_sleep > until

    def _budget(self, tenant: str, per_minute: int) -> RequestBudget:
        with self._lock:
            key = tenant, per_minute
            if key not in self._budgets and len(self._budgets) >= self._roomy:
                self._budgets = {each: budget for each, budget in self._budgets.items() if not budget.idle}
                self._roomy = max(_BUDGETS, 2 * len(self._budgets))
            return self._budgets.setdefault(key, RequestBudget(per_minute, self._clock))


@dataclass(slots=True)
class _Tries:
    """What one request remembers from try to try."""

    began: float
    """Monotonic second."""
    unhurried: bool
    met_503: bool = False
    """Only this request changes its connection: those of other tenants are none of its business."""


def _wait_s(state: RetryCallState) -> float:
    """Seconds before the next try: what Graph's Retry-After asks for, or our own growing wait where it says nothing."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, TryAgain) else 0.0
    return asked_s or _OWN_WAIT(state)
