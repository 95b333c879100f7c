"""One request to Graph: when it is sent again, when it is given up, and what its errors say."""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import DataNotUnderstood, GraphRefused, GraphUnavailable
from shared.graph.answers import Answer, OutOfTime, ServerFault, retry_after_s
from shared.graph.client import Call, GraphClient, Tally
from shared.graph.sources import INCREMENTAL
from tests.fakes.clock import FakeClock

SOURCE = INCREMENTAL["alerts_v2"]
URL = "https://graph.test/v1.0/security/alerts_v2"


class Scripted:
    """A transport that answers from a list, and then with 200; an exception in it is raised."""

    def __init__(self, *answers: Answer | OSError) -> None:
        self.answers = list(answers)
        self.sent: list[dict[str, str]] = []
        self.timeouts: list[float] = []

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
    ) -> Answer:
        del method, url, body
        self.sent.append(headers)
        self.timeouts.append(timeout_s)
        answer = self.answers.pop(0) if self.answers else Answer(200, {}, b"{}")
        if isinstance(answer, OSError):
            raise answer
        return answer


class Tokens:
    """A token that must not show anywhere."""

    def token(self, tenant: str) -> str:  # noqa: ARG002
        return "top-secret"


def said(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, body)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


type Ask = Callable[..., Answer]


def asking(clock: FakeClock, transport: Scripted, per_minute: int = 1000) -> tuple[Ask, Tally]:
    client = GraphClient("https://graph.test", Tokens(), transport, clock, per_minute)
    tally = Tally()

    def ask(url: str = URL, until: float = 480.0) -> Answer:
        return client.send("tenant-1", Call("GET", url, SOURCE.path, SOURCE.permission), tally=tally, until=until)

    return ask, tally


def test_every_request_asks_for_the_enum_members_that_came_later(clock: FakeClock) -> None:
    """Without the header Graph hides Defender for Cloud and Sentinel behind unknownFutureValue."""
    transport = Scripted()
    asking(clock, transport)[0]()
    assert transport.sent[0]["Prefer"] == "include-unknown-enum-members"
    assert transport.sent[0]["Authorization"] == "Bearer top-secret"
    assert len(transport.sent[0]["client-request-id"]) == 36


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for(clock: FakeClock, status: int) -> None:
    """The server's wait is a floor, never cut."""
    transport = Scripted(said(status, headers={"retry-after": "37"}), said(status, headers={"retry-after": "2"}))
    ask, tally = asking(clock, transport)
    assert ask().status == 200
    assert 39 <= clock.monotonic() < 60
    assert (tally.requests, tally.throttled) == (3, 2)


def test_after_503_a_new_connection_is_used(clock: FakeClock) -> None:
    """Graph asks for it (Best practices); 429 needs none."""
    transport = Scripted(said(503), said(429))
    asking(clock, transport)[0]()
    assert [sent.get("Connection") for sent in transport.sent] == [None, "close", None]


def test_a_wait_beyond_the_time_left_is_not_begun(clock: FakeClock) -> None:
    """Deciding before the sleep leaves the job time to end cleanly."""
    ask, _ = asking(clock, Scripted(said(429, headers={"retry-after": "500"})))
    with pytest.raises(GraphUnavailable, match="429"):
        ask(until=400)
    assert clock.monotonic() == 0


def test_throttling_is_borne_for_a_minute(clock: FakeClock) -> None:
    """Graph's limits count by the minute; whoever is throttled for longer gives its place to another tenant."""
    throttled = said(429, headers={"retry-after": "10"})
    assert asking(clock, Scripted(*[throttled] * 6))[0]().status == 200
    began = clock.monotonic()
    with pytest.raises(OutOfTime, match="tenant-1"):
        asking(clock, Scripted(*[throttled] * 7))[0](until=1e9)
    assert clock.monotonic() - began <= 60


def test_silence_is_borne_for_a_minute(clock: FakeClock) -> None:
    """A tenant that never answers costs one timeout, and not three."""

    class Silent(Scripted):
        def send(
            self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
        ) -> Answer:
            clock.advance(timeout_s)
            return super().send(method, url, headers, body, timeout_s)

    transport = Silent(*[TimeoutError()] * 3)
    with pytest.raises(ServerFault):
        asking(clock, transport)[0]()
    assert transport.timeouts == [100]


def test_an_answer_is_not_waited_for_beyond_the_time_left(clock: FakeClock) -> None:
    """The job's own time bounds its last request, too, down to ten seconds."""
    transport = Scripted()
    ask, _ = asking(clock, transport)
    for until in (480.0, 30.0, 2.0):
        ask(until=until)
    assert transport.timeouts == [100, 30, 10]


def test_a_wait_for_our_own_limit_is_no_fault_of_graph(clock: FakeClock) -> None:
    """A catch-up at the limit waits most of each minute; one answer of 429 then is still waited out."""
    ask, _ = asking(clock, Scripted(said(200), said(429, headers={"retry-after": "30"})), per_minute=1)
    ask()
    assert ask().status == 200


def test_tenants_have_budgets_apart(clock: FakeClock) -> None:
    """What one tenant used up, no other waits for."""
    client = GraphClient("https://graph.test", Tokens(), Scripted(), clock, per_minute=2)
    call = Call("GET", URL, SOURCE.path, SOURCE.permission)
    for _ in range(2):
        client.send("noisy", call, tally=Tally(), until=1)
    with pytest.raises(OutOfTime):
        client.send("noisy", call, tally=Tally(), until=1)
    for n in range(1000):
        client.send(f"tenant-{n}", call, tally=Tally(), until=1)
    assert clock.monotonic() == 0


def test_budgets_of_the_idle_are_forgotten(clock: FakeClock) -> None:
    """Memory is bounded by the tenants of a minute, and whoever is still within it stays within its limit."""
    client = GraphClient("https://graph.test", Tokens(), Scripted(), clock, per_minute=1)
    call = Call("GET", URL, SOURCE.path, SOURCE.permission)
    for n in range(10_000):
        client.send(f"tenant-{n}", call, tally=Tally(), until=1e9)
        clock.advance(0.5)
    assert len(client._budgets) < 600
    with pytest.raises(OutOfTime):
        client.send("tenant-9999", call, tally=Tally(), until=0)


@pytest.mark.parametrize("answer", [said(500), said(502), said(504), ConnectionResetError("reset"), TimeoutError()])
def test_a_fault_is_tried_three_times(clock: FakeClock, answer: Answer | OSError) -> None:
    """5xx and broken connections get three tries with growing waits."""
    transport = Scripted(*[answer] * 3)
    with pytest.raises(ServerFault):
        asking(clock, transport)[0]()
    assert len(transport.sent) == 3
    assert asking(clock, Scripted(answer, answer))[0]().status == 200


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "refused again"),
        (401, "TENANT_ID"),
        (403, r"SecurityAlert\.Read\.All"),
        (404, "EXPORT_SOURCES"),
        (410, "EXPORT_SOURCES"),
    ],
)
def test_a_refusal_says_what_to_do(clock: FakeClock, status: int, advice: str) -> None:
    """Tenant, source, Graph's own words, its request id, and the fix; never the token."""
    body = b'{"error":{"code":"","message":"No way.","innerError":{"request-id":"r"}}}'
    with pytest.raises(GraphRefused, match=advice) as caught:
        asking(clock, Scripted(said(status, body, headers={"request-id": "abc"})))[0]()
    message = str(caught.value)
    assert caught.value.status == status
    for word in ("tenant-1", "alerts_v2", "No way.", "abc"):
        assert word in message
    assert "top-secret" not in message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 7}', b'{"error": {"code": 1}}', b"\xff"])
def test_any_error_body_is_borne(clock: FakeClock, body: bytes) -> None:
    """Gateways answer in their own words."""
    with pytest.raises(GraphRefused):
        asking(clock, Scripted(said(400, body)))[0]()


@pytest.mark.parametrize(
    "url", ["https://evil.test/x", "http://graph.test/v1.0", "https://graph.test.evil/x", "https://graph.test:8443/x"]
)
def test_a_link_to_another_host_gets_no_token(clock: FakeClock, url: str) -> None:
    """A nextLink is a URL from outside."""
    transport = Scripted()
    with pytest.raises(DataNotUnderstood):
        asking(clock, transport)[0](url)
    assert transport.sent == []


def test_requests_stay_within_the_limit_of_a_minute(clock: FakeClock) -> None:
    """Never more than the limit in any sixty seconds, whatever the pace before."""
    sent: list[float] = []

    class Timed(Scripted):
        def send(
            self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
        ) -> Answer:
            sent.append(clock.monotonic())
            clock.advance(0.25)
            return super().send(method, url, headers, body, timeout_s)

    ask, _ = asking(clock, Timed(), per_minute=20)
    for _ in range(100):
        ask(until=1e9)
    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[20:], strict=False))
    assert sent[-1] < 60 * 5


def test_no_turn_is_waited_for_beyond_the_time_left(clock: FakeClock) -> None:
    """A minute's requests are used up, and the run must end cleanly."""
    ask, _ = asking(clock, Scripted(), per_minute=2)
    ask(until=10)
    ask(until=10)
    with pytest.raises(OutOfTime):
        ask(until=10)
    assert clock.monotonic() == 0


def test_no_url_stands_in_a_traceback(clock: FakeClock) -> None:
    """A nextLink carries a token, and the HTTP library puts whole URLs into its errors."""
    token = "".join(["SEC", "RET"])  # not in the source lines that a traceback shows
    failure = ConnectionError(f"Max retries exceeded with url: /v1.0/x?$skiptoken={token}")
    with pytest.raises(ServerFault) as caught:
        asking(clock, Scripted(failure, failure, failure))[0](f"{URL}?$skiptoken={token}")
    assert token not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("10", 10.0),
        (" 7", 7.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2020 12:00:30 GMT", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        (None, 0.0),
        ("-5", 0.0),
    ],
)
def test_retry_after_in_every_form(value: str | None, seconds: float) -> None:
    """A number of seconds or an HTTP date; anything else asks for nothing."""
    assert retry_after_s(value, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds
    assert timedelta(seconds=seconds) >= timedelta()
