"""The simulator over HTTP: Graph, the managed identity endpoint, and the controls."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import ManagedIdentityCredential

from local.simulator.graph import Graph
from local.simulator.server import listen, make_app, make_server
from local.simulator.tenant import generated
from local.stack import simulator
from tests.simulator.conftest import TENANT

SECRET = "only this host knows"  # noqa: S105 - of a server that ends with the test


@dataclass(frozen=True)
class Served:
    """A running simulator."""

    url: str
    session: requests.Session

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=10, **options)

    def tell(self, method: str, path: str, body: object = None) -> Any:
        """Use a control endpoint."""
        answer = self.session.request(method, f"{self.url}/simulator/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """A server in a thread, for all tests of this module."""
    listener, url = listen(0)
    tenant = generated(TENANT, end=_now(), alerts_v2=50, incidents=20, alerts=20)
    graph = Graph(tenants={TENANT: tenant}, now=_now, base_url=url)
    ready = threading.Event()
    app = make_app(graph, tenant_id=TENANT, identity_secret=SECRET, now=_now, on_ready=ready.set)
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert ready.wait(10)
    yield url
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def served(running: str) -> Iterator[Served]:
    """The server without faults, and a session with a token that the identity endpoint issued."""
    with requests.Session() as session:
        answer = session.get(
            f"{running}/identity/token",
            params={"api-version": "2019-08-01", "resource": running},
            headers={"X-IDENTITY-HEADER": SECRET},
            timeout=10,
        )
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        served = Served(running, session)
        served.tell("DELETE", "requests")
        yield served
        for source in ("alerts_v2", "alerts"):
            served.tell("DELETE", f"faults/{source}")


def test_azure_identity_gets_a_token(running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real ManagedIdentityCredential works against the App Service endpoint, and Graph takes its token."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{running}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)

    with ManagedIdentityCredential(client_id="11111111-1111-4111-8111-111111111111") as credential:
        token = credential.get_token(f"{running}/.default")
        other = credential.get_token("https://storage.azure.com/.default")

    asked = [
        requests.get(f"{running}/v1.0/security/alerts_v2", headers={"Authorization": f"Bearer {text}"}, timeout=10)
        for text in (token.token, other.token)
    ]
    assert [answer.status_code for answer in asked] == [200, 401]
    assert token.expires_on > _now().timestamp() + 23 * 3600


@pytest.mark.parametrize(
    ("header", "params", "status"),
    [
        ("wrong", {"api-version": "2019-08-01", "resource": "r"}, 401),
        (SECRET, {"api-version": "2017-09-01", "resource": "r"}, 400),
        (SECRET, {"api-version": "2019-08-01"}, 400),
    ],
)
def test_the_identity_endpoint_refuses(running: str, header: str, params: dict[str, str], status: int) -> None:
    """No token without the host's secret, another version, or no resource."""
    answer = requests.get(f"{running}/identity/token", params=params, headers={"X-IDENTITY-HEADER": header}, timeout=10)

    assert answer.status_code == status


def test_roles_of_the_tokens_to_come(running: str) -> None:
    """An identity is granted some roles alone, and all of them again."""
    params, headers = {"api-version": "2019-08-01", "resource": running}, {"X-IDENTITY-HEADER": SECRET}
    read = []
    for roles in (["SecurityIncident.Read.All"], None):
        assert requests.put(f"{running}/simulator/roles", json={"roles": roles}, timeout=10).status_code == 204
        token = requests.get(f"{running}/identity/token", params=params, headers=headers, timeout=10).json()
        sent = {"Authorization": f"Bearer {token['access_token']}"}
        read += [
            requests.get(f"{running}/v1.0/security/{source}", headers=sent, timeout=10).status_code
            for source in ("incidents", "alerts_v2")
        ]
    assert read == [200, 403, 200, 200]


def test_pages_over_http(served: Served) -> None:
    """The nextLink is a URL of this server that can be followed as it stands; no content encoding."""
    page = served.get(
        "/v1.0/security/alerts_v2", params={"$top": "20", "$filter": "lastUpdateDateTime ge 2020-01-01T00:00:00Z"}
    )
    rows = page.json()["value"]
    assert "Content-Encoding" not in page.headers
    while link := page.json().get("@odata.nextLink"):
        assert link.startswith(served.url)
        page = served.session.get(link, timeout=10)
        rows += page.json()["value"]

    assert len({row["id"] for row in rows}) == len(rows) >= 50


def test_a_reset_connection(served: Served) -> None:
    """A scripted reset really resets; the next request is served."""
    served.tell("PUT", "faults/alerts_v2", {"script": [{"reset": True}]})

    with pytest.raises(requests.ConnectionError):
        served.get("/v1.0/security/alerts_v2")
    assert served.get("/v1.0/security/alerts_v2").status_code == 200


def test_faults_over_http(served: Served) -> None:
    """Switches are set whole, shown, and cleared."""
    served.tell("PUT", "faults/alerts", {"partial": [{"vendor": "Microsoft", "provider": "IPC"}], "latency_ms": 1})

    assert served.get("/v1.0/security/alerts").status_code == 206
    assert served.tell("GET", "faults/alerts")["partial"][0]["status"] == 504
    served.tell("DELETE", "faults/alerts")
    assert served.get("/v1.0/security/alerts").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults/alerts_v2", {"outtage": 503}),
        ("faults/alerts_v2", {"outage": "soon"}),
        ("faults/nothing", {}),
        ("throttle", {"requests_per_minute": "many"}),
    ],
)
def test_wrong_switches_are_explained(served: Served, path: str, body: dict[str, object]) -> None:
    """A switch that does not exist is an error with a reason, not a silence."""
    answer = served.session.put(f"{served.url}/simulator/{path}", json=body, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_world_changes_over_http(served: Served) -> None:
    """Created, changed and removed records stand in truth and current as the answers said."""
    created = served.tell("POST", "create", {"source": "alerts_v2", "product": "IPC"})
    changed = served.tell("POST", "change", {"source": "alerts_v2", "count": 3, "seed": 1})
    served.tell("POST", "amend", {"source": "alerts_v2", "id": changed[0]["id"], "fields": {"title": "x"}})
    served.tell("POST", "remove", {"source": "alerts_v2", "id": changed[1]["id"]})

    truth, current = (
        [json.loads(line) for line in served.get(f"/simulator/{view}/alerts_v2").text.splitlines()]
        for view in ("truth", "current")
    )
    assert all(revision in truth for revision in [created, *changed])
    assert changed[0] in current
    assert changed[1] not in current
    assert served.get(f"/v1.0/security/alerts_v2/{changed[0]['id']}").json()["title"] == "x"


def test_the_journal_hides_tokens(served: Served) -> None:
    """Counts per source and status, and the requests as they came but for their token."""
    served.tell("PUT", "faults/alerts_v2", {"outage": 503})
    served.get("/v1.0/security/alerts_v2", params={"$top": "1"}, headers={"Prefer": "include-unknown-enum-members"})
    served.get("/v1.0/security/incidents")

    report = served.tell("GET", "requests?last=2")

    assert report["counts"] == {"alerts_v2": {"503": 1}, "incidents": {"200": 1}}
    first = report["last"][0]
    assert (first["path"], first["query"], first["status"]) == ("/v1.0/security/alerts_v2", {"$top": "1"}, 503)
    assert first["headers"]["prefer"] == "include-unknown-enum-members"
    assert first["headers"]["authorization"] == "redacted"


def test_writes_over_http(served: Served) -> None:
    """A write, one whose answer is lost, and a refused one: done, told by the journal, and in the truth."""
    incident = served.get("/v1.0/security/incidents").json()["value"][0]["id"]
    path = f"/v1.0/security/incidents/{incident}"
    served.tell("DELETE", "requests")
    written = served.session.patch(f"{served.url}{path}", json={"status": "resolved"}, timeout=10)
    served.tell("PUT", "faults/incidents", {"lose_write_answers": 1})
    with pytest.raises(requests.ConnectionError):
        served.session.post(f"{served.url}{path}/comments", json={"comment": "lost?"}, timeout=10)
    refused = served.session.patch(f"{served.url}{path}", json={"status": "gone"}, timeout=10)

    report = served.tell("GET", "requests")
    after = served.get(path).json()

    assert (written.status_code, refused.status_code) == (200, 400)
    assert [(each["method"], each["path"], each["status"]) for each in report["last"]] == [
        ("PATCH", path, 200),
        ("POST", f"{path}/comments", "reset"),
        ("PATCH", path, 400),
    ]
    assert report["counts"] == {"incidents": {"200": 1, "400": 1, "reset": 1}}
    assert (after["status"], after["comments"][-1]["comment"]) == ("resolved", "lost?")
    truth = [json.loads(line) for line in served.get("/simulator/truth/incidents").text.splitlines()]
    assert [each["at"] for each in truth if each["id"] == incident][1:] == sorted(
        [written.json()["lastUpdateDateTime"], after["lastUpdateDateTime"]]
    )


def test_the_throttle_over_http(served: Served) -> None:
    """The request budget can be set and lifted."""
    served.tell("PUT", "throttle", {"requests_per_minute": 1})
    served.get("/v1.0/security/alerts_v2")

    assert served.get("/v1.0/security/alerts_v2").headers["Retry-After"] in {"59", "60"}
    served.tell("PUT", "throttle", {"requests_per_minute": None})
    assert served.get("/v1.0/security/alerts_v2").status_code == 200


def test_the_command_line(tmp_path: Path) -> None:
    """``python -m local.simulator`` tells its URL in one JSON line and its port in a file, and serves."""
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", "local.simulator", "--alerts", "30", "--port-file", str(port_file), "--seed", "7"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"IDENTITY_HEADER": SECRET},
    ) as process:
        try:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            assert url.rpartition(":")[2] == port_file.read_text(encoding="ascii")
            truth = requests.get(f"{url}/simulator/truth/alerts_v2", timeout=10).text
            assert len(truth.splitlines()) == 30
        finally:
            process.terminate()


def test_it_ends_while_an_answer_waits(tmp_path: Path) -> None:
    """By itself: whoever stops it would else wait until it may be killed."""
    with simulator(data={"alerts": 1}, logs=tmp_path) as running:
        slow = {"latency_ms": 60_000}
        requests.put(f"{running.url}/simulator/faults/alerts_v2", json=slow, timeout=10).raise_for_status()
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{running.url}/v1.0/security/alerts_v2", timeout=0.2)
    assert running.child.returncode != -signal.SIGKILL
