"""Subscriptions over HTTP: real validation calls, real notifications, and the controls."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.simulator.courier import Outcome, summary
from local.simulator.graph import Graph
from local.simulator.server import listen, make_app, make_server
from local.simulator.tenant import generated
from tests.simulator.conftest import TENANT


class Receiver(ThreadingHTTPServer):
    """An app's endpoint on a port of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/api/notifications"
        self.status = 202
        self.before_validation: threading.Event | None = None
        """A validation waits for it."""
        self.asked = threading.Event()
        """Somebody wants a validation."""
        self.items: list[dict[str, Any]] = []
        self.came = threading.Condition()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The notifications, as soon as there are so many."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.items) >= count, timeout=10)
            return list(self.items)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = parse_qs(urlsplit(self.path).query).get("validationToken")
        if token:
            self.server.asked.set()
            if self.server.before_validation:
                self.server.before_validation.wait(10)
            self._answer(200, token[0].encode())
            return
        with self.server.came:
            self.server.items += json.loads(body)["value"]
            self.server.came.notify_all()
        self._answer(self.server.status, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Served:
    """A running simulator, as an app and as a person see it."""

    def __init__(self, url: str, token: str, receiver: Receiver) -> None:
        self.url = url
        self.receiver = receiver
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str = "", body: object = None) -> requests.Response:
        return self.session.request(method, f"{self.url}/v1.0/subscriptions{path}", json=body, timeout=15)

    def tell(self, method: str, path: str, body: object = None) -> Any:
        """Use a control endpoint."""
        answer = requests.request(method, f"{self.url}/simulator/{path}", json=body, timeout=15)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def subscribe(self, **properties: str) -> requests.Response:
        body = {
            "changeType": "created,updated",
            "notificationUrl": self.receiver.url,
            "lifecycleNotificationUrl": self.receiver.url,
            "resource": "security/alerts_v2",
            "expirationDateTime": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
            "clientState": "secret",
        }
        return self.ask("POST", body=body | properties)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, Graph]]:
    """A server in a thread, for all tests of this module."""
    listener, url = listen(0)

    def now() -> datetime:
        return datetime.now(UTC)

    tenant = generated(TENANT, end=now(), alerts_v2=50, alerts=20)
    graph = Graph(tenants={TENANT: tenant}, now=now, base_url=url)
    ready = threading.Event()
    server = make_server(make_app(graph, tenant_id=TENANT, identity_secret="", now=now, on_ready=ready.set))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert ready.wait(10)
    yield url, graph
    server.should_exit = True
    thread.join(10)
    listener.close()
    assert not thread.is_alive(), "the courier ends with the server"


@pytest.fixture
def served(running: tuple[str, Graph]) -> Iterator[Served]:
    """The server without subscriptions, and an endpoint."""
    url, graph = running
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served = Served(url, graph.issue_token(TENANT), receiver)
    served.tell("DELETE", "deliveries")
    served.tell("DELETE", "faults/subscriptions")
    yield served
    for each in served.tell("GET", "subscriptions"):
        served.tell("DELETE", f"subscriptions/{each['id']}")
    served.session.close()
    receiver.shutdown()
    thread.join(10)
    receiver.server_close()


def test_subscribed_and_notified(served: Served) -> None:
    """From the POST over the validation to the notification of a new alert, all over HTTP."""
    made = served.subscribe()
    assert made.status_code == 201, made.text

    created = served.tell("POST", "create", {"source": "alerts_v2"})

    (item,) = served.receiver.wait_for(1)
    assert item["resourceData"]["id"] == created["id"]
    assert item["clientState"] == "secret"
    assert served.ask("GET").json()["value"][0]["clientState"] is None
    (shown,) = served.tell("GET", "subscriptions")
    assert (shown["clientState"], shown["tenantId"], shown["paused"]) == ("secret", TENANT, False)


def test_graph_serves_while_it_validates(served: Served) -> None:
    """The POST stays open until the endpoint has answered; others are served meanwhile, the endpoint's app too."""
    served.receiver.before_validation = threading.Event()
    answers: list[requests.Response] = []
    subscribing = threading.Thread(target=lambda: answers.append(served.subscribe()))
    subscribing.start()
    assert served.receiver.asked.wait(10)

    listed = requests.get(f"{served.url}/v1.0/subscriptions", headers=served.session.headers, timeout=5)

    assert listed.json()["value"] == answers == []
    served.receiver.before_validation.set()
    subscribing.join(10)
    assert answers[0].status_code == 201


def test_nobody_there(served: Served) -> None:
    """A port where nobody listens is no valid endpoint."""
    answer = served.subscribe(notificationUrl="http://127.0.0.1:1/")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "ValidationError"


def test_forgotten(served: Served) -> None:
    """Graph forgets a subscription without a word."""
    made = served.subscribe().json()["id"]
    served.tell("DELETE", f"subscriptions/{made}")

    assert served.ask("PATCH", f"/{made}", {"expirationDateTime": "2030-01-01T00:00:00Z"}).status_code == 404
    assert requests.delete(f"{served.url}/simulator/subscriptions/{made}", timeout=5).status_code == 400


def test_lifecycle_over_http(served: Served) -> None:
    """A lifecycle event on demand."""
    made = served.subscribe().json()["id"]
    served.tell("POST", "lifecycle", {"subscriptionId": made, "event": "reauthorizationRequired", "pause": True})

    (item,) = served.receiver.wait_for(1)
    assert item["lifecycleEvent"] == "reauthorizationRequired"
    assert served.tell("GET", "subscriptions")[0]["paused"]
    assert served.ask("POST", f"/{made}/reauthorize").status_code == 204
    assert not served.tell("GET", "subscriptions")[0]["paused"]


def test_deliveries_over_http(served: Served) -> None:
    """Counts and the last outcomes, a failure with its retry among them."""
    served.subscribe()
    served.receiver.status = 503
    served.tell("POST", "create", {"source": "alerts_v2"})
    served.receiver.wait_for(1)
    report = served.tell("GET", "deliveries?last=1")
    while not report["last"]:  # the answer may be on its way
        report = served.tell("GET", "deliveries?last=1")

    assert report["last"][0] | {"at": 0, "ms": 0} == {
        "at": 0,
        "kind": "change",
        "url": served.receiver.url,
        "attempt": 1,
        "notifications": 1,
        "status": 503,
        "ms": 0,
    }
    assert report["last"][0]["ms"] > 0
    assert report["waiting"] == 1
    assert report["counts"]["retries"] == report["counts"]["attempts"] == 1


def test_a_burst_over_http(served: Served) -> None:
    """Notifications of records that did not change, and how fast the endpoint was."""
    served.subscribe()

    result = served.tell("POST", "notify", {"source": "alerts_v2", "count": 60, "concurrency": 4})

    assert (result["notifications"], result["posts"], result["statuses"]) == (60, 60, {"202": 60})
    assert 0 < result["p50_ms"] <= result["p95_ms"] <= result["p99_ms"] < 3000
    assert result["share_within_3_s"] == 1
    assert len(served.receiver.wait_for(60)) == 60
    assert served.tell("GET", "deliveries")["counts"]["delivered"] == 60
    batched = served.tell("POST", "notify", {"source": "alerts_v2", "count": 10, "batch": 5})
    assert (batched["notifications"], batched["posts"]) == (10, 2)


def test_switches_over_http(served: Served) -> None:
    """Set whole, shown, cleared; subscriptions stand in the journal like a source."""
    served.tell("PUT", "faults/subscriptions", {"outage": 503, "alerts_v2": "refused"})
    served.tell("DELETE", "requests")

    assert served.ask("GET").status_code == 503
    assert served.tell("GET", "requests")["counts"] == {"subscriptions": {"503": 1}}
    assert served.tell("GET", "faults/subscriptions")["alerts_v2"] == "refused"
    served.tell("PUT", "faults/subscriptions", {"refuse_validation": True})
    assert served.subscribe().status_code == 400
    served.tell("DELETE", "faults/subscriptions")
    assert served.subscribe().status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "faults/subscriptions", {"lose": 1}),
        ("PUT", "faults/subscriptions", {"alerts_v2": "sometimes"}),
        ("POST", "lifecycle", {"subscriptionId": "none", "event": "missed"}),
        ("POST", "lifecycle", {"subscriptionId": "none", "event": "gone"}),
        ("POST", "notify", {"source": "alerts_v2", "count": 1}),
        ("POST", "notify", {"source": "alerts_v2"}),
        ("POST", "notify", {"source": "nothing", "count": 1}),
    ],
    ids=str,
)
def test_wrong_controls_are_explained(served: Served, method: str, path: str, body: dict[str, object]) -> None:
    """What cannot be is an error with a reason."""
    answer = requests.request(method, f"{served.url}/simulator/{path}", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_percentiles() -> None:
    """Nearest rank; in time is 2xx within 3 s."""
    outcomes = [Outcome(202, second / 10) for second in range(1, 99)] + [Outcome(None, 3.0), Outcome(503, 0.05)]

    result = summary(outcomes, 1.5)

    assert (result["p50_ms"], result["p95_ms"], result["p99_ms"]) == (4800, 9300, 9700)
    assert result["share_within_3_s"] == 0.29
    assert result["statuses"] == {"202": 98, "503": 1, "None": 1}
