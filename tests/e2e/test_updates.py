"""An analyst updates Graph through the app: real HTTP, real blobs, Microsoft's runtime, an identity endpoint."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.storage.blob import ContainerClient

from local.stack import Stack
from tests.e2e.blobs import lines
from tests.e2e.driving import complete, control, fire, lift_limit
from tests.e2e.waiting import until

OTHER = "99999999-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for the stories below; every one takes records of its own."""
    with Stack(
        data={"alerts": 60, "incidents": 10, "legacy": 60, "days": 2},
        settings={
            "EXPORT_SOURCES": "alerts_v2,incidents,alerts",
            "EXPORT_LOOKBACK_DAYS": "3",
            "GRAPH_REQUESTS_PER_MINUTE": "60000",
            "BELL_INTERVAL_SECONDS": "1",
        },
        host_options=("--no-timers", "--message-lease=5"),
        logs=tmp_path_factory.mktemp("logs"),
    ) as running:
        lift_limit(running)
        yield running


def create(stack: Stack, source: str, id_: str, product: str | None = None) -> str:
    """A record of one's own in Graph."""
    control(stack, "POST", "create", {"source": source, "id": id_, "product": product})
    return id_


def patch(stack: Stack, path: str, body: object, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.patch(f"{stack.host_url}/api/security/{path}", json=body, headers=named, timeout=60)


def get(stack: Stack, path: str) -> requests.Response:
    return requests.get(f"{stack.host_url}/api/security/{path}", timeout=60)


def audits(stack: Stack, id_: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and contents of a record's audit blobs."""
    state = ContainerClient.from_connection_string(stack.azurite.connection_string, "security-export-state")
    found = [(name, json.loads(state.download_blob(name).readall())) for name in state.list_blob_names()
             if name.startswith("audit/")]  # fmt: skip
    return [(name, content) for name, content in found if content["id"] == id_]


def writes(stack: Stack) -> list[tuple[str, str]]:
    """What Graph was asked to change since it was last told to forget."""
    asked = control(stack, "GET", "requests?last=1000")["last"]
    return [
        (each["method"], each["path"])
        for each in asked
        if each["method"] != "GET" and each["path"].startswith("/v1.0/security")
    ]


def test_an_alert_is_closed_audited_and_exported(stack: Stack) -> None:
    """Change and comment are made, before and after kept, and the new revision comes without anybody asking."""
    id_ = create(stack, "alerts_v2", "to-close")
    fire(stack, "export_alerts")
    until(lambda: complete(stack, "alerts_v2"), "the first export")
    before = get(stack, f"alerts_v2/{id_}").json()
    body = {"status": "resolved", "classification": "truePositive", "comment": "Zoë: cleaned"}
    answer = patch(stack, f"alerts_v2/{id_}", body, X_Requested_By="zoe@contoso.com")
    assert answer.status_code == 200
    assert (answer.headers["Cache-Control"], answer.headers["Content-Type"]) == ("no-store", "application/json")
    said = answer.json()
    assert said["done"] == {"change": "done", "comment": "done"}
    assert said["bell"] == "rung"
    assert (said["resource"]["status"], said["resource"]["comments"][-1]["comment"]) == ("resolved", "Zoë: cleaned")
    [(name, kept)] = audits(stack, id_)
    assert name == said["audit"]
    assert re.fullmatch(r"audit/date=\d{4}-\d\d-\d\d/\d{8}T\d{6}\.\d{6}Z-[0-9a-f-]{36}\.json", name)
    assert (kept["before"], kept["after"]) == (before, said["resource"])
    assert (kept["state"], kept["status"]) == ("finished", 200)
    assert kept["requested_by"] == {"name": "zoe@contoso.com", "verified": False}
    assert kept["sent"] == {"status": "resolved", "classification": "truePositive"}
    revisions = {before["lastUpdateDateTime"], said["resource"]["lastUpdateDateTime"]}
    until(lambda: revisions <= exported(stack, id_), "the new revision in a blob, beside the old one")


def exported(stack: Stack, id_: str) -> set[str]:
    """The times of a record's exported revisions."""
    found = (json.loads(line) for line in lines(stack.azurite.connection_string, "alerts_v2"))
    return {each["lastUpdateDateTime"] for each in found if each["id"] == id_}


def test_a_dry_run_changes_nothing(stack: Stack) -> None:
    """It shows what would be sent; Graph is only read."""
    id_ = create(stack, "alerts", "to-look-at", "IPC")
    control(stack, "DELETE", "requests")
    answer = patch(stack, f"alerts/{id_}?dryRun=true", {"status": "resolved"})
    assert answer.status_code == 200
    [shown] = answer.json()["would_send"]
    assert (shown["method"], shown["path"]) == ("PATCH", f"/v1.0/security/alerts/{id_}")
    assert shown["body"]["vendorInformation"]["provider"] == "IPC"
    assert writes(stack) == []
    assert audits(stack, id_) == []
    assert patch(stack, f"alerts/{id_}?dryRun=", {"status": "resolved"}).status_code == 400
    assert writes(stack) == []


def test_vendor_information_is_completed_and_the_effect_told(stack: Stack) -> None:
    """A legacy alert of a product that leaves updates to Graph, and of one that refuses them."""
    for product, status, words in (
        ("IPC", 200, "Microsoft Entra ID Protection: the update stays inside Graph"),
        ("Azure Sentinel", 400, "Microsoft Sentinel: Graph does not support updates"),
    ):
        id_ = create(stack, "alerts", f"of {product}", product)
        answer = patch(stack, f"alerts/{id_}", {"status": "resolved", "feedback": "truePositive"})
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.json()["effect"].startswith(words)
        [(_, kept)] = audits(stack, id_)
        assert kept["sent"]["vendorInformation"] == kept["before"]["vendorInformation"]
        assert kept["status"] == status
        assert (get(stack, f"alerts/{id_}").json()["status"] == "resolved") == (status == 200)


def test_several_with_refusals(stack: Stack) -> None:
    """Item by item, in order: a control, one that is not there, one of Defender, another control."""
    ids = [create(stack, "secureScoreControlProfiles", id_) for id_ in ("mine-1", "scid_9001", "mine-2")]
    ids.insert(1, "nowhere")
    control(stack, "DELETE", "requests")
    answer = patch(stack, "secureScoreControlProfiles", {"ids": ids, "change": {"state": "ThirdParty"}})
    said = answer.json()
    assert answer.status_code == 200
    assert [(each["id"], each["status"]) for each in said["results"]] == list(
        zip(ids, [200, 404, 400, 200], strict=True)
    )
    assert said["counts"] == {"ok": 2, "failed": 2}
    assert [each["resource"]["controlStateUpdates"][-1]["state"] for each in said["results"] if each["resource"]] == [
        "ThirdParty",
        "ThirdParty",
    ]
    assert sorted(path.rpartition("/")[2] for _, path in writes(stack)) == ["mine-1", "mine-2"]
    assert "Defender for Endpoint" in said["results"][2]["error"]
    assert (audits(stack, "scid_9001"), audits(stack, "nowhere")) == ([], [])


def test_if_match_guards_a_state(stack: Stack) -> None:
    """The ETag that a reading gives is good until somebody else was faster."""
    id_ = create(stack, "incidents", "4711")
    etag = get(stack, f"incidents/{id_}").headers["ETag"]
    assert patch(stack, f"incidents/{id_}", {"status": "resolved"}, If_Match=etag).status_code == 200
    late = patch(stack, f"incidents/{id_}", {"status": "active"}, If_Match=etag)
    assert late.status_code == 412
    assert "changed meanwhile" in late.json()["error"]
    assert get(stack, f"incidents/{id_}").json()["status"] == "resolved"
    assert [kept["status"] for _, kept in audits(stack, id_)] == [200, 412]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("alerts_v2/x?tenant=" + OTHER, 404),
        ("alerts_v2/x?tenant=contoso.com", 404),
        ("secureScores/x", 404),
        ("subscriptions/x", 404),
        ("alerts_v2/a%2Fb", 400),
        ("alerts_v2/a%252F..%252Fb", 400),
        ("alerts_v2/%0A", 400),
        ("alerts_v2/" + "x" * 513, 400),
        ("alerts_v2", 400),
    ],
)
def test_what_is_no_update_does_not_reach_graph(stack: Stack, path: str, status: int) -> None:
    """Other tenants, other collections, ids that are none."""
    control(stack, "DELETE", "requests")
    answer = patch(stack, path, {"status": "resolved"})
    assert answer.status_code == status
    assert answer.json()["error"]
    scans = "$filter"  # that an earlier story's bell asked for
    assert [each for each in control(stack, "GET", "requests?last=1000")["last"] if scans not in each["query"]] == []


def test_records_and_pages_are_read_through(stack: Stack) -> None:
    """Graph's bytes; its options; the next page by what its nextLink names."""
    graph = f"{stack.simulator.url}/simulator/current/alerts_v2"
    there = [json.loads(line) for line in requests.get(graph, timeout=10).text.splitlines()]
    one = get(stack, f"alerts_v2/{there[0]['id']}")
    assert (one.status_code, one.json()["id"]) == (200, there[0]["id"])
    first = get(stack, "alerts_v2?$top=40").json()
    query = first["@odata.nextLink"].partition("?")[2]
    rest = get(stack, f"alerts_v2?{query}").json()
    assert {each["id"] for each in first["value"] + rest["value"]} == {each["id"] for each in there}
    assert get(stack, "secureScores?$top=1").json()["value"][0]["maxScore"]
    assert get(stack, "alerts_v2/nowhere").status_code == 404
    assert get(stack, "alerts_v2?$filter=title%20eq%20'x'").status_code == 400
    assert get(stack, f"alerts_v2?tenant={OTHER}").status_code == 404
    fault = {"partial": [{"vendor": "Microsoft", "provider": "Microsoft Sentinel", "status": 504}]}
    control(stack, "PUT", "faults/alerts_v2", fault)
    partial = get(stack, "alerts_v2?$top=1")
    control(stack, "DELETE", "faults/alerts_v2")
    assert (partial.status_code, "Microsoft Sentinel/504" in partial.headers["Warning"]) == (206, True)


def test_without_an_audit_nothing_is_changed(stack: Stack) -> None:
    """A container that cannot be written is found before Graph is asked; here it is not there at all."""
    id_ = create(stack, "alerts_v2", "not-audited")
    stack.settings["STATE_CONTAINER"] = "no-such-container"
    stack.kill_host()
    stack.start_host()
    try:
        control(stack, "DELETE", "requests")
        answer = patch(stack, f"alerts_v2/{id_}", {"status": "resolved", "comment": "x"})
        assert answer.status_code == 503
        assert "Nothing was sent" in answer.json()["error"]
        assert writes(stack) == []
        assert '"event": "update.unaudited"' in stack.host.output()
    finally:
        del stack.settings["STATE_CONTAINER"]


def test_roles_that_only_read(stack: Stack) -> None:
    """403 with the permission that is missing; reading goes on."""
    id_ = create(stack, "alerts_v2", "read-only")
    control(stack, "PUT", "roles", {"roles": ["SecurityAlert.Read.All"]})
    stack.kill_host()
    stack.start_host()
    answer = patch(stack, f"alerts_v2/{id_}", {"status": "resolved"})
    assert answer.status_code == 403
    assert "SecurityAlert.ReadWrite.All" in answer.json()["error"]
    assert get(stack, f"alerts_v2/{id_}").json()["status"] != "resolved"
    [(_, kept)] = audits(stack, id_)
    assert (kept["status"], kept["after"], kept["done"]["change"]) == (403, None, "not done")
    unread = get(stack, f"incidents/{id_}")
    assert (unread.status_code, "SecurityIncident.Read.All" in unread.json()["error"]) == (403, True)


def test_no_word_of_a_person_is_logged(stack: Stack) -> None:
    """Comments, names and tokens stand in the audit or nowhere."""
    log = (stack.logs / "host.log").read_text()
    assert '"event": "update.made"' in log
    for words in ("cleaned", "zoe@contoso.com", "simulated.", "Bearer"):
        assert words not in log
