"""An app that subscribes: its endpoint, and what it asks of Graph."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.simulator.graph import Graph
from local.simulator.wire import Request, Response
from tests.simulator.client import Client
from tests.simulator.world import Clock

URL = "https://app.test/api/notifications"
LIFECYCLE_URL = "https://app.test/api/lifecycle"
IPC = "security/alerts?$filter=vendorInformation/provider eq 'IPC'"


class Endpoint:
    """The app's side of Graph's calls; answers as told."""

    def __init__(self, clock: Clock) -> None:
        self.status: int | None = 202
        """Of notifications; None: no answer at all."""
        self.seconds = 0.0
        self.validation: dict[str, Any] = {}
        """What is wrong about the answer to a validation."""
        self.meanwhile: list[Callable[[], object]] = []
        """Done during the next validations, one each."""
        self.validated: list[str] = []
        self.calls: list[dict[str, Any]] = []
        self._clock = clock

    def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        tokens = parse_qs(urlsplit(url).query).get("validationToken")
        if tokens is not None:
            return self._validate(url, headers, tokens[0], timeout_s)
        assert headers["Content-Type"].startswith("application/json")
        items = json.loads(body)["value"]
        self.calls.append({"url": url, "at": self._clock.time, "timeout_s": timeout_s, "items": items})
        self._clock.pass_(seconds=min(self.seconds, timeout_s))
        if self.status is None or self.seconds >= timeout_s:
            raise TimeoutError
        return self.status, {}, b""

    def _validate(
        self, url: str, headers: Mapping[str, str], token: str, timeout_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert timeout_s == 10
        self.validated.append(url)
        if self.meanwhile:
            self.meanwhile.pop()()
        self._clock.pass_(seconds=self.validation.get("seconds", 0))
        if error := self.validation.get("error"):
            raise error
        given = self.validation.get("body", token)
        body = urlsplit(url).query.partition("validationToken=")[2] if given == "encoded" else given
        return (
            self.validation.get("status", 200),
            {"content-type": self.validation.get("type", "text/plain")},
            body.encode(),
        )

    @property
    def items(self) -> list[dict[str, Any]]:
        """All notifications, as often as they came."""
        return [item for call in self.calls for item in call["items"]]

    @property
    def ids(self) -> list[str]:
        """The records that they are about."""
        return [item["resourceData"]["id"] for item in self.items]


class Subscriber:
    """Asks for subscriptions, with a fresh token of its own unless given another."""

    def __init__(self, client: Client, clock: Clock, endpoint: Endpoint) -> None:
        self.graph: Graph = client.graph
        self.tenant = client.tenant
        self.clock = clock
        self.endpoint = endpoint

    def ask(self, method: str, path: str = "", body: object = None, token: str | None = None) -> Response:
        """Ask for ``/v1.0/subscriptions{path}``."""
        plain, _, query = path.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {
            "authorization": f"Bearer {token or self.graph.issue_token(self.tenant.tenant_id)}",
            "content-type": "application/json",
        }
        options = {name: values[0] for name, values in parse_qs(query).items()}
        return self.graph.answer(Request(method, f"/v1.0/subscriptions{plain}", options, headers, content))

    def create(self, *, token: str | None = None, **properties: Any) -> dict[str, Any]:
        """Subscribe, and expect that it works."""
        answer = self.ask("POST", body=self.wanted(**properties), token=token)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = json.loads(answer.body)
        return made

    def refused(
        self, method: str, path: str = "", body: object = None, token: str | None = None
    ) -> tuple[int, str, str]:
        """Ask and expect an error: its status, code and message."""
        answer = self.ask(method, path, body, token)
        error = json.loads(answer.body)["error"]
        return answer.status, error["code"], error["message"]

    def wanted(self, **properties: Any) -> dict[str, Any]:
        """The body of a good POST, but for the properties given; None leaves one out."""
        body = {
            "changeType": "created,updated",
            "notificationUrl": URL,
            "lifecycleNotificationUrl": LIFECYCLE_URL,
            "resource": "security/alerts_v2",
            "expirationDateTime": self.in_(days=29),
            "clientState": "only Graph and I know",
            **properties,
        }
        return {name: value for name, value in body.items() if value is not None}

    def in_(self, **delta: float) -> str:
        """A moment from now."""
        before = self.clock.time
        self.clock.pass_(**delta)
        moment, self.clock.time = self.clock.time, before
        return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"

    def listed(self, path: str = "", token: str | None = None) -> list[str]:
        """The ids of a list."""
        answer = self.ask("GET", path, token=token)
        assert answer.status == 200, answer.body
        return [each["id"] for each in json.loads(answer.body)["value"]]
