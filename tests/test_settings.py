"""Settings: the defaults, what each value may be, and messages that help without telling secrets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.errors import SettingsError
from shared.setting_forms import ConnectionString, Endpoint, TenantsBlob, WantedSubscription
from shared.settings import GraphCredential, Settings, load, names

HOME = "8a6e1c2f-0b1d-4c7e-9f3a-5d2b7c9e1f00"
OTHER = "11111111-2222-4333-8444-555555555555"
APP = "99999999-8888-4777-8666-555555555555"
SECRET = "hunter2;AccountKey=c2VjcmV0"  # noqa: S105
STORAGE = "UseDevelopmentStorage=true"
REQUIRED = {"TENANT_ID": HOME, "EXPORT_STORAGE": STORAGE, "AzureWebJobsStorage": STORAGE}


def test_defaults() -> None:
    """With the required settings alone, all others have these values."""
    assert load(REQUIRED) == Settings(
        tenant_id=HOME,
        tenants=(HOME,),
        graph_base_url="https://graph.microsoft.com",
        graph_credential=GraphCredential.MANAGED_IDENTITY,
        managed_identity_client_id=None,
        multitenant_client_id=None,
        graph_requests_per_minute=150,
        export_storage=ConnectionString(STORAGE),
        queue_storage=ConnectionString(STORAGE),
        export_container="security-export",
        state_container="security-export-state",
        views_container="security-views",
        export_sources=("alerts_v2",),
        export_lookback_days=30,
        export_overlap_minutes=60,
        export_concurrency=4,
        bell_interval_seconds=15,
        reconcile_days=3,
        run_budget_seconds=480,
        notification_client_state=(),
        notification_url=None,
        lifecycle_url=None,
        subscriptions=(WantedSubscription("security/alerts_v2", "created,updated"),),
        alerts_schedule="0 */5 * * * *",
        secure_scores_schedule="0 30 6 * * *",
        subscriptions_schedule="0 17 * * * *",
        report_schedule="0 0 7 * * *",
        reconcile_schedule="0 45 3 * * *",
        latest_schedule="0 20 * * * *",
        unresolved=frozenset(),
    )


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("TENANT_ID", HOME.upper(), "tenant_id", HOME),
        ("TENANT_ID", f"  {HOME}\n", "tenant_id", HOME),
        ("TENANTS", HOME.upper(), "tenants", (HOME,)),
        ("TENANTS", "blob:tenants.txt", "tenants", TenantsBlob("tenants.txt")),
        ("TENANTS", "", "tenants", (HOME,)),
        ("GRAPH_BASE_URL", "https://graph.microsoft.us/", "graph_base_url", "https://graph.microsoft.us"),
        ("GRAPH_BASE_URL", "http://127.0.0.1:7071", "graph_base_url", "http://127.0.0.1:7071"),
        ("GRAPH_CREDENTIAL", "developer", "graph_credential", GraphCredential.DEVELOPER),
        ("MANAGED_IDENTITY_CLIENT_ID", APP.upper(), "managed_identity_client_id", APP),
        ("EXPORT_SOURCES", "incidents, alerts_v2", "export_sources", ("incidents", "alerts_v2")),
        ("EXPORT_LOOKBACK_DAYS", "365", "export_lookback_days", 365),
        ("EXPORT_OVERLAP_MINUTES", "1440", "export_overlap_minutes", 1440),
        ("NOTIFICATION_CLIENT_STATE", "new, old", "notification_client_state", ("new", "old")),
        ("NOTIFICATION_CLIENT_STATE", "x" * 128, "notification_client_state", ("x" * 128,)),
        ("SUBSCRIPTIONS", "[]", "subscriptions", ()),
        (
            "SUBSCRIPTIONS",
            '[{"resource": "/security/incidents", "changeType": "updated, created"}]',
            "subscriptions",
            (WantedSubscription("security/incidents", "created,updated"),),
        ),
        ("ALERTS_SCHEDULE", "*/5 * * * Mon-Fri", "alerts_schedule", "*/5 * * * Mon-Fri"),
    ],
)
def test_values(name: str, text: str, field: str, value: Any) -> None:
    """Text becomes a typed value in one form: lower-case GUIDs, URLs without a slash at the end."""
    assert getattr(load(REQUIRED | {name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("TENANT_ID", "contoso.onmicrosoft.com", "a GUID, like "),
        ("TENANT_ID", f"{{{HOME}}}", "a GUID, like "),
        ("TENANTS", f"{HOME},", "GUIDs with commas between them, each once, or blob:<name>"),
        ("TENANTS", f"{HOME},{HOME.upper()}", "each once"),
        ("TENANTS", "blob:", "or blob:<name>"),
        ("TENANTS", "blob:/tenants.txt", "or blob:<name>"),
        ("GRAPH_BASE_URL", "graph.microsoft.com", "a URL like https://graph.microsoft.com"),
        ("GRAPH_BASE_URL", "http://graph.microsoft.com", "http only for 127.0.0.1 and localhost"),
        ("GRAPH_BASE_URL", "http://localhost.evil.example", "http only for 127.0.0.1 and localhost"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com/v1.0", "without a path"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com?a=b", "without a path"),
        ("GRAPH_BASE_URL", "https://graph.microsoft.com:port", "a URL like https://graph.microsoft.com"),
        ("GRAPH_BASE_URL", "https://", "a URL like https://graph.microsoft.com"),
        ("GRAPH_CREDENTIAL", "password", "managed_identity or developer"),
        ("MANAGED_IDENTITY_CLIENT_ID", "my-identity", "a GUID, like "),
        ("MULTITENANT_CLIENT_ID", "my-app", "a GUID, like "),
        ("EXPORT_CONTAINER", "Security", "3 to 63 lower-case letters"),
        ("STATE_CONTAINER", "a--b", "single hyphens"),
        ("VIEWS_CONTAINER", "ab", "3 to 63"),
        ("EXPORT_SOURCES", "alerts_v3", "some of alerts_v2, incidents, alerts"),
        ("EXPORT_SOURCES", "alerts,alerts", "each once"),
        ("EXPORT_LOOKBACK_DAYS", "0", "a whole number from 1 to 365"),
        ("EXPORT_OVERLAP_MINUTES", "1441", "a whole number from 1 to 1440"),
        ("EXPORT_CONCURRENCY", "four", "a whole number from 1 to 16"),
        ("BELL_INTERVAL_SECONDS", "1.5", "a whole number from 1 to 3600"),
        ("RECONCILE_DAYS", "-1", "a whole number from 1 to 30"),
        ("RUN_BUDGET_SECONDS", "1_000", "a whole number from 1 to 540"),
        ("GRAPH_REQUESTS_PER_MINUTE", "²", "a whole number from 1 to 60000"),
        ("NOTIFICATION_CLIENT_STATE", "new,,old", "secrets of 1 to 128 characters"),
        ("NOTIFICATION_CLIENT_STATE", "x" * 129, "secrets of 1 to 128 characters"),
        ("NOTIFICATION_URL", "http://example.com/api/notifications", "an https URL"),
        ("NOTIFICATION_URL", "https://user:pass@example.com/api", "without user"),
        ("LIFECYCLE_URL", "https://example.com/a b", "an https URL"),
        ("SUBSCRIPTIONS", "security/alerts_v2", "a JSON list of "),
        ("SUBSCRIPTIONS", "[" * 100_000, "a JSON list of "),
        ("SUBSCRIPTIONS", "{}", "a JSON list of "),
        ("SUBSCRIPTIONS", "[null]", "a JSON list of "),
        ("SUBSCRIPTIONS", '[{"resource": "users"}]', '"changeType": '),
        ("SUBSCRIPTIONS", '[{"resource": "users", "changeType": "moved"}]', "created, updated, deleted"),
        ("SUBSCRIPTIONS", '[{"resource": "users", "changeType": "created", "a": 1}]', "no other keys"),
        ("SUBSCRIPTIONS", '[{"resource": "https://x/users", "changeType": "created"}]', "a JSON list of "),
        (
            "SUBSCRIPTIONS",
            '[{"resource": "users", "changeType": "created"}, {"resource": "/users", "changeType": "created"}]',
            "each once",
        ),
        ("ALERTS_SCHEDULE", "0 * * *", "an NCRONTAB expression of 5 or 6 fields"),
        ("REPORT_SCHEDULE", "00:05:00", "an NCRONTAB expression of 5 or 6 fields"),
        ("LATEST_SCHEDULE", "every five minutes at the latest!", "an NCRONTAB expression of 5 or 6 fields"),
    ],
)
def test_a_wrong_value_names_setting_and_form(name: str, text: str, form: str) -> None:
    """The message says which setting it is and what it must be, and nothing else is complained about."""
    with pytest.raises(SettingsError) as raised:
        load(REQUIRED | {"LIFECYCLE_URL": "https://a.example/l", "NOTIFICATION_URL": "https://a.example/n", name: text})
    title, *problems = str(raised.value).splitlines()
    assert title == "Wrong settings:"
    assert len(problems) == 1
    assert problems[0].startswith(f"{name} must be ")
    assert form in problems[0]


def test_all_problems_in_one_error() -> None:
    """Who deploys mends everything in one go."""
    with pytest.raises(SettingsError) as raised:
        load({"EXPORT_CONCURRENCY": "0", "STATE_CONTAINER": "security-views", "LIFECYCLE_URL": "https://a.example"})
    _, *problems = str(raised.value).splitlines()
    assert [re.split(r"\W", problem)[0] for problem in problems] == [
        "TENANT_ID",
        "EXPORT_STORAGE",
        "AzureWebJobsStorage",
        "EXPORT_CONCURRENCY",
        "NOTIFICATION_URL",
        "EXPORT_CONTAINER",
    ]


@pytest.mark.parametrize("name", ["EXPORT_STORAGE__blobServiceUri", "AzureWebJobsStorage__queueServiceUri"])
def test_an_account_is_named_in_one_way(name: str) -> None:
    """A connection string or an endpoint: neither is missing, both contradict, and an endpoint holds no signature."""
    other = name.partition("__")[0]
    rest = {key: text for key, text in REQUIRED.items() if key != other}
    url = "https://acme.blob.core.windows.net"
    assert Endpoint(url) in (load(rest | {name: url + "/"}).export_storage, load(rest | {name: url}).queue_storage)
    with pytest.raises(SettingsError, match=rf"{other} is missing\. Set it to .*, or {name} to "):
        load(rest)
    with pytest.raises(SettingsError, match=rf"{other} and {name} are both set\. Remove one\."):
        load(REQUIRED | {name: url})
    with pytest.raises(SettingsError, match=rf"{name} must be .* without a signature"):
        load(rest | {name: f"{url}?sig=abc"})


def test_other_tenants_need_the_multitenant_app() -> None:
    """The managed identity alone reaches its home tenant only."""
    tenants = {"TENANTS": f"{HOME},{OTHER}"}
    with pytest.raises(SettingsError, match="MULTITENANT_CLIENT_ID is missing"):
        load(REQUIRED | tenants)
    assert load(REQUIRED | tenants | {"MULTITENANT_CLIENT_ID": APP}).tenants == (HOME, OTHER)


def test_an_unresolved_reference_counts_as_absent() -> None:
    """The host hands on a Key Vault reference it could not resolve as it stands; the message says so."""
    reference = "@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/state)"
    with pytest.raises(SettingsError, match="TENANT_ID counts as missing: it is a Key Vault reference"):
        load(REQUIRED | {"TENANT_ID": reference})
    settings = load(REQUIRED | {"NOTIFICATION_CLIENT_STATE": reference})
    assert settings.unresolved == {"NOTIFICATION_CLIENT_STATE"}
    with pytest.raises(SettingsError, match="NOTIFICATION_CLIENT_STATE counts as missing: it is a Key Vault"):
        settings.client_states()


def test_client_states_are_asked_for_by_webhooks_only() -> None:
    """Without them exports go on; whoever needs them hears that they are missing."""
    with pytest.raises(SettingsError, match="NOTIFICATION_CLIENT_STATE is missing"):
        load(REQUIRED).client_states()
    assert load(REQUIRED | {"NOTIFICATION_CLIENT_STATE": "a,b"}).client_states() == ("a", "b")


def test_no_message_tells_a_value() -> None:
    """Any setting may hold a secret by mistake, so no message quotes one, and no cause is attached."""
    for name in names():
        with pytest.raises(SettingsError) as raised:
            load({name: f"{SECRET} " * 200})
        assert "hunter2" not in str(raised.value)
        assert raised.value.__cause__ is None


def test_repr_tells_no_secret() -> None:
    """Logs and tracebacks may show the object: function keys, client states and account keys stay out."""
    settings = load(
        {
            "TENANT_ID": HOME,
            "EXPORT_STORAGE": SECRET,
            "AzureWebJobsStorage": SECRET,
            "NOTIFICATION_CLIENT_STATE": "hunter2",
            "NOTIFICATION_URL": "https://acme.example/api/notifications?code=hunter2",
            "LIFECYCLE_URL": "https://acme.example/api/lifecycle?code=hunter2",
        }
    )
    assert "hunter2" not in repr(settings)
    assert HOME in repr(settings)


def test_scope_is_of_the_cloud() -> None:
    """National clouds have their own Graph and their own scope."""
    assert load(REQUIRED | {"GRAPH_BASE_URL": "https://graph.microsoft.us"}).graph_scope == (
        "https://graph.microsoft.us/.default"
    )


def test_sample_has_every_setting() -> None:
    """local.settings.sample.json is complete, valid and, but for the credential and examples, the defaults."""
    text = (Path(__file__).parent.parent / "local.settings.sample.json").read_text()
    values: dict[str, str] = json.loads(text)["Values"]
    assert values.pop("FUNCTIONS_WORKER_RUNTIME") == "python"
    assert list(values) == [name for name in names() if not name.endswith("ServiceUri")]
    home = "00000000-0000-0000-0000-000000000000"
    assert load(values) == Settings(
        tenant_id=home,
        graph_credential=GraphCredential.DEVELOPER,
        export_storage=ConnectionString(STORAGE),
        queue_storage=ConnectionString(STORAGE),
        notification_client_state=("only-for-this-machine",),
    )
