"""Tokens for many tenants without a key: azure-identity's own exchange, over TLS, with the simulated Entra."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.simulator.entra import APP_ID
from local.stack import TENANT, Running, many, simulator
from shared import identity
from shared.clock import SystemClock
from shared.errors import GraphRefused, GraphUnavailable, SettingsError
from shared.graph.answers import TryAgain
from shared.graph.client import Call, GraphClient, HttpTransport, Tally
from shared.graph.tokens import IdentityTokens
from shared.setting_forms import ConnectionString
from shared.settings import Settings

TENANTS = many(TENANT, 12)
STORAGE = ConnectionString("UseDevelopmentStorage=true")
SECRET = "of the identity endpoint"  # noqa: S105


@dataclass(frozen=True)
class Entra:
    """The running simulator."""

    running: Running
    ca: Path

    def break_(self, tenant: str, **faults: Any) -> None:
        body = {"tenants": [tenant], "faults": faults}
        answer = requests.put(f"{self.running.url}/simulator/tenants/faults", json=body, timeout=10)
        assert answer.status_code == 204, answer.text

    def asked(self, what: str, tenant: str) -> int:
        counts: dict[str, int] = requests.get(f"{self.running.url}/simulator/entra", timeout=10).json()[what]
        return counts.get(tenant, 0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    ca = tmp_path_factory.mktemp("entra") / "ca.pem"
    data = {"tenants": len(TENANTS), "alerts": 3, "incidents": 0, "legacy": 0}
    with simulator(secret=SECRET, data=data, logs=ca.parent, entra_ca=ca) as graph:
        yield Entra(graph, ca)


@pytest.fixture
def entra(running: Entra, monkeypatch: pytest.MonkeyPatch) -> Entra:
    """All is well, and the process has what App Service, azure-identity and requests read."""
    requests.delete(f"{running.running.url}/simulator/tenants/faults", timeout=10)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{running.running.url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", running.running.entra)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca))
    return running


def tokens(entra: Entra, **changes: Any) -> IdentityTokens:
    """As wiring makes them."""
    given = {"graph_base_url": entra.running.url, "multitenant_client_id": APP_ID} | changes
    settings = Settings(tenant_id=TENANT, export_storage=STORAGE, queue_storage=STORAGE, **given)
    credentials = identity.Credentials(settings, identity.credential(settings))
    app = settings.multitenant_client_id
    return IdentityTokens(credentials, settings.graph_scope, SystemClock(), app=app, cloud=identity.cloud(settings))


def alerts_of(entra: Entra, given: IdentityTokens, tenant: str) -> list[dict[str, Any]]:
    """What Graph shows to the tenant's token."""
    client = GraphClient(entra.running.url, given, HttpTransport(4), SystemClock(), 1000)
    call = Call("GET", f"{entra.running.url}/v1.0/security/alerts_v2", "/alerts_v2", "SecurityAlert.Read.All")
    rows: list[dict[str, Any]] = json.loads(client.send(tenant, call, tally=Tally(), until=1e12).body)["value"]
    return rows


def test_each_tenant_shows_its_own_alerts(entra: Entra) -> None:
    """The identity's token is exchanged at each tenant; the home tenant's Graph takes it as it is."""
    given = tokens(entra)
    for tenant in TENANTS[:4]:
        assert {row["tenantId"] for row in alerts_of(entra, given, tenant)} == {tenant}
    assert entra.asked("issued", TENANT) == 0
    assert [entra.asked("issued", tenant) for tenant in TENANTS[1:4]] == [1, 1, 1]


def test_a_tenant_s_token_is_asked_for_once(entra: Entra) -> None:
    """Tokens last an hour, and a request to Graph must not cost one to Entra."""
    given, tenant = tokens(entra), TENANTS[5]
    for _ in range(20):
        alerts_of(entra, given, tenant)
    assert entra.asked("issued", tenant) == 1


@pytest.mark.parametrize(
    ("consent", "number"), [("missing", "AADSTS700016"), ("no principal", "AADSTS7000229"), ("refused", "AADSTS65001")]
)
def test_a_tenant_without_consent_is_refused_and_told_where_to_consent(entra: Entra, consent: str, number: str) -> None:
    """Which tenant, Entra's words, its trace id, and the page for the administrator; and it passes when they do."""
    given, tenant = tokens(entra), TENANTS[6]
    entra.break_(tenant, consent=consent)
    with pytest.raises(GraphRefused, match=number) as caught:
        alerts_of(entra, given, tenant)
    message = str(caught.value)
    assert message.startswith(f"tenant {tenant}: ")
    assert f"https://login.microsoftonline.com/{tenant}/adminconsent?client_id={APP_ID}" in message
    assert "trace id" in message
    assert (caught.value.code, caught.value.gone) == (number, False)
    entra.break_(tenant)
    assert alerts_of(entra, given, tenant)


def test_a_tenant_that_does_not_exist_is_named(entra: Entra) -> None:
    """A typing error in TENANTS."""
    stranger = "99999999-0000-4000-8000-000000000000"
    with pytest.raises(GraphRefused, match=r"AADSTS90002.*Check the tenant id in TENANTS") as caught:
        tokens(entra).token(stranger)
    assert stranger in str(caught.value)


def test_consent_without_permissions_is_graph_s_to_refuse(entra: Entra) -> None:
    """Entra gives a token without roles; Graph's 403 names the permission."""
    entra.break_(TENANTS[7], consent="no permissions")
    with pytest.raises(GraphRefused, match=r"403.*SecurityAlert\.Read\.All"):
        alerts_of(entra, tokens(entra), TENANTS[7])


def test_an_app_that_does_not_trust_the_identity(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of another audience is no assertion: the message tells what the federated credential must be."""
    other = identity.Cloud("https://login.example", "api://another-audience")
    monkeypatch.setitem(identity._CLOUDS, entra.running.url, other)
    with pytest.raises(GraphRefused, match=r"AADSTS700213.*object id, audience api://another-audience"):
        tokens(entra).token(TENANTS[8])


def test_entra_in_trouble_is_tried_again(entra: Entra) -> None:
    """What passes by itself is no refusal; after some tries the next run tries again."""
    entra.break_(TENANTS[9], consent="unavailable")
    given, before = tokens(entra), entra.asked("refused", TENANTS[9])
    with pytest.raises(TryAgain, match="temporarily_unavailable") as caught:
        given.token(TENANTS[9])
    assert (caught.value.status, caught.value.throttled) == (503, True)
    assert entra.asked("refused", TENANTS[9]) == before + 1  # and azure-identity itself does not wait and try


def test_entra_out_of_reach_is_tried_again(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its certificate is not to be trusted: then nothing is sent."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(TryAgain, match=f"tenant {TENANTS[1]}: no answer from Entra"):
        tokens(entra).token(TENANTS[1])


def test_without_an_identity_nobody_is_blamed(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's own identity gives no token for the exchange: no tenant can mend that."""
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(GraphUnavailable, match="managed identity"):
        tokens(entra).token(TENANTS[1])


def test_without_an_app_only_the_home_tenant_is_reached(entra: Entra) -> None:
    """TENANTS may be a blob that names others before the app is set."""
    given = tokens(entra, multitenant_client_id=None)
    assert given.token(TENANT)
    with pytest.raises(SettingsError, match="MULTITENANT_CLIENT_ID"):
        given.token(TENANTS[1])


def test_no_token_stands_in_what_is_told(entra: Entra, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the assertion nor a token comes into messages, tracebacks or logs."""
    import traceback

    from shared import wiring  # noqa: F401  it sets the loggers' levels

    caplog.set_level(logging.INFO)
    entra.break_(TENANTS[10], consent="refused")
    with pytest.raises(GraphRefused) as caught:
        tokens(entra).token(TENANTS[10])
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "simulated.assertion" not in told
    assert caught.value.__cause__ is None
    assert [record for record in caplog.records if record.name.startswith("azure")] == []


def test_clouds() -> None:
    """Each Graph has an Entra of its own, and that one its own word for the exchange."""

    def of(graph: str) -> str:
        settings = Settings(tenant_id=TENANT, export_storage=STORAGE, queue_storage=STORAGE, graph_base_url=graph)
        return identity.cloud(settings).exchange

    assert {graph: of(graph) for graph in ("https://graph.microsoft.com", *identity._CLOUDS)} == {
        "https://graph.microsoft.com": "api://AzureADTokenExchange",
        "https://graph.microsoft.us": "api://AzureADTokenExchangeUSGov",
        "https://dod-graph.microsoft.us": "api://AzureADTokenExchangeUSGov",
        "https://microsoftgraph.chinacloudapi.cn": "api://AzureADTokenExchangeChina",
    }


def test_credentials_are_kept_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One a tenant, with its tokens; beyond the bound the one that was used longest ago goes."""
    monkeypatch.setattr(identity, "_KEPT", 3)
    settings = Settings(tenant_id=TENANT, export_storage=STORAGE, queue_storage=STORAGE, multitenant_client_id=APP_ID)
    kept = identity.Credentials(settings, identity.credential(settings))
    first = kept.of(TENANTS[1])
    for tenant in TENANTS[2:4]:
        kept.of(tenant)
    assert kept.of(TENANTS[1]) is first
    kept.of(TENANTS[4])
    assert kept.of(TENANTS[1]) is first
    assert set(kept._others) == {TENANTS[1], TENANTS[3], TENANTS[4]}
