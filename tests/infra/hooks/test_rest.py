"""How services are asked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.hooks.rest import Rest
from infra.hooks.stopped import Refused, Unavailable
from tests.fakes.clock import FakeClock
from tests.infra.hooks.cloud import Switchboard

type Serve = Callable[[Callable[[Request], Response]], Rest]


@pytest.fixture
def serve(lines: tuple[Switchboard, str, Switchboard, str], clock: FakeClock) -> Serve:
    """A service that answers as a test says."""
    _, _, switchboard, url = lines

    def served(answer: Callable[[Request], Response]) -> Rest:
        switchboard.app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
        return Rest("It", url, lambda: {"Authorization": "Bearer ours"}, clock)

    return served


def test_a_next_page_on_another_host_is_not_followed(serve: Serve) -> None:
    """It would get our token."""
    rest = serve(lambda _request: JSONResponse({"value": [1], "nextLink": "https://elsewhere.example/x"}))
    with pytest.raises(Unavailable, match="another host"):
        list(rest.items("/list"))


def test_a_next_page_may_name_the_port(serve: Serve) -> None:
    """Resource Manager's links do, at times; its path and query are followed where we ask anyway."""

    def answer(request: Request) -> Response:
        page = request.query_params.get("page")
        return JSONResponse({"value": [page], **({} if page else {"nextLink": "http://127.0.0.1:443/list?page=2"})})

    assert list(serve(answer).items("/list")) == [None, "2"]


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    """For the same reason."""
    with pytest.raises(Refused, match="302"):
        serve(lambda _request: RedirectResponse("https://elsewhere.example/", 302)).get("/x")


def test_a_netrc_file_does_not_replace_our_token(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would, did requests decide."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    rest = serve(lambda request: JSONResponse({"got": request.headers["authorization"]}))
    assert rest.get("/x") == {"got": "Bearer ours"}


def test_no_url_s_query_is_told(serve: Serve, clock: FakeClock) -> None:
    """It may hold a key; the path says enough."""
    rest = serve(lambda _request: JSONResponse({"error": {"code": "No", "message": "way"}}, 400))
    with pytest.raises(Refused, match="It, GET /x: 400 No: way") as refused:
        rest.get("/x?code=secret")
    assert "secret" not in str(refused.value)
    nobody = Rest("It", "http://127.0.0.1:9", dict, clock)
    with pytest.raises(Unavailable, match="no answer") as unavailable:
        nobody.get("/x?code=secret")
    assert "secret" not in str(unavailable.value)


def test_a_wait_that_is_too_long_is_not_begun(serve: Serve, clock: FakeClock) -> None:
    """The decision falls before the wait."""
    rest = serve(lambda _request: Response(status_code=429, headers={"Retry-After": "3600"}))
    with pytest.raises(Unavailable):
        rest.get("/x")
    assert clock.monotonic() == 0
