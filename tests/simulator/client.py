"""A client in a few lines, to ask the simulator in process."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.simulator.conversation import Post
from local.simulator.graph import Graph
from local.simulator.tenant import Tenant
from local.simulator.wire import Request, Response

ALL_MEMBERS = {"prefer": "include-unknown-enum-members"}


class Client:
    """Asks a simulated Graph about one tenant."""

    def __init__(
        self, tenant: Tenant, now: Callable[[], datetime], *, cache_pages: int = 0, post: Post | None = None
    ) -> None:
        self.tenant = tenant
        self.graph = Graph(tenants={tenant.tenant_id: tenant}, now=now, cache_pages=cache_pages, post=post)
        self.graph.faults.requests_per_minute = None
        self.token = self.graph.issue_token(tenant.tenant_id)

    def send(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        *,
        body: object = None,
        **options: Any,
    ) -> Response:
        """Ask; ``top=3`` becomes ``$top=3``, a body that is no bytes becomes JSON."""
        query = {f"${name}": str(value) for name, value in options.items()}
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        if body is None:
            return self.graph.answer(Request(method, f"/v1.0/security/{path}", query, sent))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **sent}
        return self.graph.answer(Request(method, f"/v1.0/security/{path}", query, sent, content))

    def get(self, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
        """Ask and expect data."""
        return data(self.send(path, headers=headers, **options))

    def refused(self, path: str, method: str = "GET", **options: Any) -> tuple[int, str]:
        """Ask and expect an error: its status and code."""
        answer = self.send(path, method, **options)
        error = json.loads(answer.body)["error"]
        assert error["message"]
        assert error["innerError"]["request-id"] == answer.headers["request-id"]
        return answer.status, error["code"]

    def follow(self, link: str) -> Response:
        """Ask for a nextLink."""
        parts = urlsplit(link)
        headers = {"authorization": f"Bearer {self.token}"}
        return self.graph.answer(Request("GET", parts.path, dict(parse_qsl(parts.query)), headers))

    def pages(self, path: str, **options: Any) -> Iterator[list[dict[str, Any]]]:
        """Ask page after page by nextLink."""
        page = self.get(path, **options)
        yield page["value"]
        while link := page.get("@odata.nextLink"):
            page = data(self.follow(link))
            yield page["value"]


def data(answer: Response) -> dict[str, Any]:
    """The JSON of a good answer."""
    assert answer.status in {200, 206}, answer.body
    parsed: dict[str, Any] = json.loads(answer.body)
    return parsed


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The ids of some records."""
    return [row["id"] for row in rows]
