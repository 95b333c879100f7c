"""Many tenants on the local stack: Entra over TLS, a list that changes while the app runs, and status of them all."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.stack import TENANT, Stack, many
from tests.e2e.blobs import lines
from tests.e2e.driving import control, fire, lift_limit, status
from tests.e2e.waiting import until

COUNT = 24
TENANTS = many(TENANT, COUNT)
NOT_CONSENTED, FORGOTTEN, NEW = TENANTS[3], TENANTS[5], TENANTS[7]
LISTED = [tenant for tenant in TENANTS if tenant != NEW]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A provider with two dozen customers, one of whom comes later, and one of whom has not consented."""
    with Stack(
        tenants=COUNT,
        data={"alerts": 5, "incidents": 0, "legacy": 0, "days": 2},
        settings={"EXPORT_LOOKBACK_DAYS": "3", "BELL_INTERVAL_SECONDS": "1"},
        host_options=("--no-timers",),
        logs=tmp_path_factory.mktemp("logs"),
    ) as running:
        lift_limit(running)
        running.write_tenants("\n".join(LISTED))
        control(running, "PUT", "tenants/faults", {"tenants": [NOT_CONSENTED], "faults": {"consent": "missing"}})
        yield running


def exported(stack: Stack) -> Counter[str]:
    """Alerts by the tenant that they say they are of; each must lie in that tenant's folder."""
    return Counter(json.loads(line)["tenantId"] for line in lines(stack.azurite.connection_string, "alerts_v2"))


def of(stack: Stack, tenant: str) -> Any:
    """What status says of one tenant."""
    return requests.get(f"{stack.host_url}/api/status", params={"tenant": tenant}, timeout=30)


def send(stack: Stack, tenant: str) -> None:
    """Put a tick's job on the queue."""
    jobs = QueueClient.from_connection_string(
        stack.azurite.connection_string, "export-jobs", message_encode_policy=TextBase64EncodePolicy()
    )
    job = {"v": 1, "id": "sent", "asked_by": "tick", "source": "alerts_v2", "tenant": tenant}
    jobs.send_message(json.dumps(job))


def test_a_tick_exports_every_tenant_that_consented(stack: Stack) -> None:
    """The others are named in the summary, the worst first, and nobody else is harmed."""
    fire(stack, "export_alerts")
    well = [tenant for tenant in LISTED if tenant != NOT_CONSENTED]
    until(lambda: exported(stack) == dict.fromkeys(well, 5), "the alerts of all tenants but one")

    def settled() -> dict[str, Any] | None:
        report = status(stack)
        return report if report["summary"]["sources"]["alerts_v2"] == {"ok": 22, "failing": 1} else None

    report = until(settled, "a status with one failure")
    assert (report["summary"]["tenants"], report["summary"]["shown"], len(report["tenants"])) == (23, 20, 20)
    first = next(iter(report["tenants"]))
    assert first == NOT_CONSENTED
    failure = report["tenants"][first]["alerts_v2"]["failure"]
    assert failure["reason"] == "refused"
    assert NOT_CONSENTED in failure["message"]
    assert "adminconsent" in failure["message"]
    assert not report["healthy"]


def test_one_tenant_s_status(stack: Stack) -> None:
    """In full and in its own right: another tenant's failure is none of its business. Strangers are not found."""
    for source in ("secureScores", "secureScoreControlProfiles"):
        assert requests.post(f"{stack.host_url}/api/export", json={"source": source}, timeout=30).status_code == 202
    until(lambda: of(stack, TENANT).json()["healthy"], "its health")
    assert list(of(stack, TENANT).json()["tenants"]) == [TENANT]
    assert "summary" not in of(stack, TENANT).json()
    assert (of(stack, NEW).status_code, of(stack, NEW).json()) == (404, {"error": "This tenant is not exported."})


def test_a_customer_comes_by_a_line_in_the_file(stack: Stack) -> None:
    """Neither restart nor deployment: whoever asks first, a tick of another instance or a person, is heard."""
    body = {"source": "alerts_v2", "tenant": NEW}
    assert requests.post(f"{stack.host_url}/api/export", json=body, timeout=30).status_code == 404
    stack.write_tenants("# all of them\n" + "\n".join(TENANTS))
    send(stack, NEW)  # to a process whose list is some seconds old
    until(lambda: exported(stack)[NEW] == 5, "the new customer's alerts")
    assert requests.post(f"{stack.host_url}/api/export", json=body, timeout=30).status_code == 202


def test_a_customer_goes_by_a_line_in_the_file(stack: Stack) -> None:
    """No tick asks for it, and what is on the queue is dropped, and told."""
    stack.write_tenants("\n".join(tenant for tenant in TENANTS if tenant != FORGOTTEN))
    assert of(stack, FORGOTTEN).status_code == 404
    send(stack, FORGOTTEN)  # the status above has read the list anew, in this one process
    dropped = until(lambda: re.search(r'\{"event": "export.dropped".*\}', stack.host.output()), "the event")
    assert json.loads(dropped[0])["tenant"] == FORGOTTEN


def test_a_broken_file_stops_ticks_and_says_where(stack: Stack) -> None:
    """Half a list would leave customers out in silence: nothing is asked for, and the line is named."""
    before = control(stack, "GET", "requests?last=0")["counts"]["alerts_v2"]
    stack.write_tenants(f"{TENANT}\nContoso Ltd.\n{NEW}\n")
    fire(stack, "export_alerts")
    until(lambda: "line 2 is not a GUID" in stack.host.output(), "the error in the host's log")
    answer = requests.get(f"{stack.host_url}/api/status", timeout=30)
    assert answer.status_code == 500
    assert "line 2 is not a GUID" in answer.json()["error"]
    assert "Contoso" not in answer.text
    assert control(stack, "GET", "requests?last=0")["counts"]["alerts_v2"] == before
    stack.write_tenants("\n".join(TENANTS))
    assert status(stack)["summary"]["tenants"] == COUNT


def test_subscriptions_of_all_tenants(stack: Stack) -> None:
    """Made for each that can be reached, and told tenant by tenant, so that Azure ships it; notifications then ring."""
    fire(stack, "maintain_subscriptions")
    subscribed = until(
        lambda: s if len(s := control(stack, "GET", "subscriptions")) == COUNT - 1 else None, "subscriptions"
    )
    assert {one["tenantId"] for one in subscribed} == set(TENANTS) - {NOT_CONSENTED}

    def told() -> bool:
        events = re.findall(r'\{"event": "subscriptions.checked".*\}', stack.host.output())
        return {json.loads(event)["tenant"] for event in events} == set(TENANTS) - {NOT_CONSENTED}

    until(told, "an event for each")
    # They are looked after in threads, and what a thread tells is shipped only where it knows its invocation.
    told_by = re.findall(r'(\S+) shared.events: \{"event": "subscriptions\.', stack.host.output())
    assert len(set(told_by)) == 1
    assert "-" not in told_by
    summary = status(stack)["summary"]["subscriptions"]
    assert (summary["alive"], summary["missing"], summary["failing"]) == (COUNT - 1, 1, 1)
    control(stack, "POST", f"change?tenant={NEW}", {"source": "alerts_v2", "count": 2, "seed": 1})
    until(lambda: exported(stack)[NEW] == 7, "the changed alerts, without a tick")


def test_blobs_never_mix(stack: Stack) -> None:
    """Every alert lies in the folder of the tenant that it names."""
    from azure.storage.blob import ContainerClient

    client = ContainerClient.from_connection_string(stack.azurite.connection_string, "security-export")
    for tenant in TENANTS:
        found = lines(stack.azurite.connection_string, f"alerts_v2/tenant={tenant}")
        assert {json.loads(line)["tenantId"] for line in found} <= {tenant}
    folders = {name.split("/")[1] for name in client.list_blob_names(name_starts_with="alerts_v2/")}
    assert folders == {f"tenant={tenant}" for tenant in TENANTS if tenant != NOT_CONSENTED}


def test_a_damaged_checkpoint_hides_no_other_tenant(stack: Stack) -> None:
    """Status answers as ever: the tenant is among the worst, with the blob's name, and all others are counted."""
    before = status(stack)["summary"]
    name = f"checkpoints/secureScores/{NEW}.json"
    with BlobServiceClient.from_connection_string(stack.azurite.connection_string) as blobs:
        blobs.get_blob_client("security-export-state", name).upload_blob(b"{")
    answer = requests.get(f"{stack.host_url}/api/status", timeout=30)
    assert answer.status_code == 200
    after = answer.json()
    assert not after["healthy"]
    assert after["summary"]["tenants"] == before["tenants"] == COUNT
    assert after["summary"]["sources"]["alerts_v2"] == before["sources"]["alerts_v2"]
    scores, damaged = Counter(before["sources"]["secureScores"]), Counter(after["summary"]["sources"]["secureScores"])
    assert damaged - scores == {"failing": 1}
    assert scores - damaged == {"waiting": 1}
    told = after["tenants"][NEW]["secureScores"]
    assert told["state"] == "failing"
    assert name in told["failure"]["message"]
