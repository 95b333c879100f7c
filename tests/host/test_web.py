"""HTTP triggers, over real HTTP."""

from collections.abc import Iterator

import pytest

from local.azurite import Azurite
from tests.host.conftest import SampleHost, sample_host


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("alerts/one", {"collection": "alerts", "id": "one"}),
        ("alerts", {"collection": "alerts"}),
        ("alerts/", {"collection": "alerts"}),
        ("a%20b/%E2%82%AC%3F%23", {"collection": "a b", "id": "€?#"}),
        ("alerts/a:b@c;d=e+f,(g)", {"collection": "alerts", "id": "a:b@c;d=e+f,(g)"}),
        ("alerts/%2541", {"collection": "alerts", "id": "%41"}),
        ("alerts/one%2Ftwo%2f", {"collection": "alerts", "id": "one%2Ftwo%2f"}),
        ("alerts/line%0Abreak", {"collection": "alerts", "id": "line\nbreak"}),
        ("elsewhere/%2e%2e/alerts/./one", {"collection": "alerts", "id": "one"}),
    ],
)
def test_route_parameters_are_decoded_once_but_for_slashes(host: SampleHost, path: str, params: dict[str, str]) -> None:
    """A parameter arrives as Kestrel leaves it: decoded once, %2F kept, dot segments resolved."""
    assert host.get(f"/api/echo/{path}").json()["route"] == params


def test_literal_routes_win(host: SampleHost) -> None:
    """A literal segment is matched before a parameter, whatever the order of the functions."""
    assert host.get("/api/echo/SPECIAL").body == b"literal"


@pytest.mark.parametrize(("path", "status"), [("numbers/12", 203), ("numbers", 203), ("numbers/twelve", 404)])
def test_constraints_choose(host: SampleHost, path: str, status: int) -> None:
    """A segment that breaks its constraint is no match; one that is left out breaks none."""
    assert host.get(f"/api/{path}").status == status


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/echo/alerts"),
        ("GET", "/api/echo/alerts/one/more"),
        ("DELETE", "/api/echo/alerts"),
        ("HEAD", "/api/echo/alerts"),
    ],
)
def test_what_no_function_takes_is_404(host: SampleHost, method: str, target: str) -> None:
    """An unknown path and a method that is not listed are both 404, as in Azure; HEAD is no GET."""
    assert host.request(method, target).status == 404


def test_a_zero_byte_in_the_path_is_400(host: SampleHost) -> None:
    """Kestrel refuses such a path before any function sees it."""
    assert host.get("/api/echo/a%00b").status == 400


def test_the_function_sees_the_request(host: SampleHost) -> None:
    """Body bytes, headers, query and address reach the function unharmed; empty query values do not."""
    body = bytes(range(256))
    target = "/api/echo/al%20erts?one=1&two=a%26b&two=c+d&none="
    seen = host.request("POST", target, body, {"X-Thing": "é", "Cookie": "a=1"}).json()
    assert seen["body"] == body.hex()
    assert seen["method"] == "POST"
    assert seen["query"] == {"one": "1", "two": "a&b,c d"}
    assert seen["url"] == host.url + target
    assert seen["headers"]["x-thing"] == "é"
    assert seen["headers"]["cookie"] == "a=1"


def test_the_client_sees_the_answer(host: SampleHost) -> None:
    """Status, raw body bytes, headers and every cookie of the function's answer are passed on."""
    answer = host.get("/api/numbers/7")
    assert (answer.status, answer.body) == (203, b"\x00\xff7")
    assert answer.header("content-type") == ["text/plain; charset=utf-8"]
    assert answer.header("set-cookie") == ["seen=1; HttpOnly; Path=/api; SameSite=lax", "also=2"]
    assert host.get("/api/echo/x").header("x-echo") == ["yes"]


def test_a_function_that_raises_is_500_without_a_body(host: SampleHost) -> None:
    """The reason stands in the log alone."""
    answer = host.get("/api/raise")
    assert (answer.status, answer.body) == (500, b"")
    assert "Executed fails: failed" in host.child.output()
    assert "ValueError: on purpose" in host.child.output()


def test_each_invocation_is_one_line_in_the_log(host: SampleHost) -> None:
    """Name, outcome and duration."""
    host.get("/api/echo/special")
    assert "host: Executed literal: ok, " in host.child.output()


@pytest.fixture(scope="module")
def locked(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleHost]:
    """A host with a key configured, as in Azure."""
    with sample_host(
        azurite, tmp_path_factory.mktemp("locked"), settings={"LOCAL_HOST_FUNCTION_KEY": "open sesame"}
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 401),
        ("?code=", {}, 401),
        ("?code=wrong", {}, 401),
        ("", {"x-functions-key": "wr\xf6ng"}, 401),
        ("?code=open%20sesame", {}, 200),
        ("", {"x-functions-key": "open sesame"}, 200),
    ],
)
def test_level_function_wants_the_key(locked: SampleHost, query: str, headers: dict[str, str], status: int) -> None:
    """The key is taken from the query or the header."""
    assert locked.request("GET", f"/api/echo/x{query}", headers=headers).status == status


def test_level_anonymous_wants_none(locked: SampleHost) -> None:
    """An anonymous function is open."""
    assert locked.get("/api/numbers").status == 203


def test_the_admin_api_wants_the_key(locked: SampleHost) -> None:
    """In Azure, the master key."""
    assert locked.get("/admin/functions").status == 401
    assert locked.get("/admin/functions?code=open%20sesame").status == 200
