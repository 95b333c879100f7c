"""All settings: their names, defaults, bounds and meaning, read once into one frozen value."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from itertools import permutations
from typing import Annotated, Any, Final, get_type_hints

from shared import setting_forms as form
from shared.errors import SettingsError
from shared.setting_forms import Account, ConnectionString, Form, TenantsBlob, WantedSubscription

SOURCES: Final = ("alerts_v2", "incidents", "alerts")


class GraphCredential(StrEnum):
    """Who the app is to Graph."""

    MANAGED_IDENTITY = "managed_identity"
    DEVELOPER = "developer"


@dataclass(frozen=True, slots=True)
class AccountNames:
    """The two settings that name a storage account, of which exactly one is set."""

    connection_string: str
    endpoint: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The app's settings. A field's setting is its name in capitals, unless its type names others.

    Values that are or may hold secrets are kept out of ``repr``.
    """

    tenant_id: Annotated[str, form.GUID]
    """Home tenant. GUIDs are in lower case here."""
    tenants: Annotated[tuple[str, ...] | TenantsBlob, form.TENANTS] = ()
    """Tenants to export, or the blob that lists them; ``TENANT_ID`` alone where nothing is set."""

    graph_base_url: Annotated[str, form.ORIGIN] = "https://graph.microsoft.com"
    """Graph, or a national cloud's; no slash at the end."""
    graph_credential: Annotated[GraphCredential, form.one_of(GraphCredential)] = GraphCredential.MANAGED_IDENTITY
    """``developer`` is for a developer's machine."""
    managed_identity_client_id: Annotated[str | None, form.GUID] = None
    """A user-assigned identity, for Graph and storage; the system-assigned one where nothing is set."""
    multitenant_client_id: Annotated[str | None, form.GUID] = None
    """The multi-tenant app that the managed identity is federated to, for tenants other than ``TENANT_ID``."""
    graph_requests_per_minute: Annotated[int, form.whole(1, 60_000)] = 150
    """Requests to Graph per tenant and process; the default is Graph's own limit for alerts and scores."""

    export_storage: Annotated[Account, AccountNames("EXPORT_STORAGE", "EXPORT_STORAGE__blobServiceUri")]
    """Where blobs are."""
    queue_storage: Annotated[Account, AccountNames("AzureWebJobsStorage", "AzureWebJobsStorage__queueServiceUri")]
    """Where queues are: the host's own storage."""
    export_container: Annotated[str, form.CONTAINER] = "security-export"
    """What Graph sent, and nothing else."""
    state_container: Annotated[str, form.CONTAINER] = "security-export-state"
    """Checkpoints, manifests, audit."""
    views_container: Annotated[str, form.CONTAINER] = "security-views"
    """What is derived and can be made again."""

    export_sources: Annotated[tuple[str, ...], form.some_of(SOURCES)] = ("alerts_v2",)
    """What is exported incrementally."""
    export_lookback_days: Annotated[int, form.whole(1, 365)] = 30
    """Days before today at which the first run begins."""
    export_overlap_minutes: Annotated[int, form.whole(1, 1440)] = 60
    """Minutes before the watermark that every run reads again, for late arrivals."""
    export_concurrency: Annotated[int, form.whole(1, 16)] = 4
    """Days read at once in a catch-up; each holds a page and a block in memory."""
    bell_interval_seconds: Annotated[int, form.whole(1, 3600)] = 15
    """Seconds between the beginnings of scans that bells ask for, per tenant and source."""
    reconcile_days: Annotated[int, form.whole(1, 30)] = 3
    """Days that the daily comparison reaches back."""
    run_budget_seconds: Annotated[int, form.whole(1, 540)] = 480
    """Seconds after which a job stops cleanly; host.json ends an invocation after 600."""

    notification_client_state: Annotated[tuple[str, ...], form.CLIENT_STATES] = field(default=(), repr=False)
    """Secrets that notifications carry; the first is for new subscriptions. Ask ``client_states()``."""
    notification_url: Annotated[str | None, form.URL] = field(default=None, repr=False)
    """Public URL of ``notifications``, with its function key; without it no subscription is made."""
    lifecycle_url: Annotated[str | None, form.URL] = field(default=None, repr=False)
    """Public URL of ``lifecycle``, with its function key."""
    subscriptions: Annotated[tuple[WantedSubscription, ...], form.SUBSCRIPTIONS] = (
        WantedSubscription("security/alerts_v2", "created,updated"),
    )
    """What to be notified of."""

    # The host resolves %NAME% itself, from the app settings: a default here does not reach a timer.
    alerts_schedule: Annotated[str, form.SCHEDULE] = "0 */5 * * * *"
    """NCRONTAB in UTC, as the others."""
    secure_scores_schedule: Annotated[str, form.SCHEDULE] = "0 30 6 * * *"
    subscriptions_schedule: Annotated[str, form.SCHEDULE] = "0 17 * * * *"
    report_schedule: Annotated[str, form.SCHEDULE] = "0 0 7 * * *"
    reconcile_schedule: Annotated[str, form.SCHEDULE] = "0 45 3 * * *"
    latest_schedule: Annotated[str, form.SCHEDULE] = "0 20 * * * *"

    unresolved: frozenset[str] = frozenset()
    """No setting: names of those that are Key Vault references which did not resolve, and so count as absent."""

    def __post_init__(self) -> None:
        if not self.tenants:
            object.__setattr__(self, "tenants", (self.tenant_id,))

    @property
    def graph_scope(self) -> str:
        """The scope of Graph's tokens."""
        return f"{self.graph_base_url}/.default"

    def client_states(self) -> tuple[str, ...]:
        """The accepted values of ``NOTIFICATION_CLIENT_STATE``, at least one.

        Raises:
            SettingsError: there is none. Only webhooks need one, so exports go on without.
        """
        if not self.notification_client_state:
            raise SettingsError(_missing("NOTIFICATION_CLIENT_STATE", form.CLIENT_STATES.words, self.unresolved))
        return self.notification_client_state


_FORMS: Final[Mapping[str, Form | AccountNames]] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Settings, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}
"""The form of each field that is a setting."""

_DEFAULTS: Final[Mapping[str, object]] = {
    each.name: each.default for each in fields(Settings) if each.default is not MISSING
}


def names() -> Iterator[str]:
    """The names of all settings, in order."""
    for name, expected in _FORMS.items():
        if isinstance(expected, AccountNames):
            yield from (expected.connection_string, expected.endpoint)
        else:
            yield name.upper()


def load(env: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; an empty one counts as absent.

    Raises:
        SettingsError: one for all problems, a line each. It never tells a value, since any may be a secret.
    """
    given, unresolved = _given(env)
    values: dict[str, Any] = {"unresolved": unresolved}
    problems: list[str] = []
    for name, expected in _FORMS.items():
        try:
            if isinstance(expected, AccountNames):
                values[name] = _account(given, expected, unresolved)
            elif name.upper() in given:
                values[name] = _parse(name.upper(), given[name.upper()], expected)
            elif name not in _DEFAULTS:
                problems.append(_missing(name.upper(), expected.words, unresolved))
        except SettingsError as error:
            problems.append(str(error))
    problems += _contradictions(values, given, unresolved)
    if problems:
        raise SettingsError("\n".join(["Wrong settings:", *problems]))
    return Settings(**values)


def _given(env: Mapping[str, str]) -> tuple[Mapping[str, str], frozenset[str]]:
    """The settings that have a value, and the names of those whose Key Vault reference did not resolve."""
    stripped = {name: env.get(name, "").strip() for name in names()}
    unresolved = frozenset(name for name, text in stripped.items() if text.startswith("@Microsoft.KeyVault("))
    return {name: text for name, text in stripped.items() if text and name not in unresolved}, unresolved


def _parse(name: str, text: str, expected: Form) -> Any:
    try:
        return expected.parse(text)
    except (ValueError, RecursionError):
        # Not from the parser's error: that one may quote the value.
        raise SettingsError(f"{name} must be {expected.words}. Mend it in the app's settings.") from None


def _account(given: Mapping[str, str], either: AccountNames, unresolved: frozenset[str]) -> Account:
    text, url = given.get(either.connection_string), given.get(either.endpoint)
    if text and url:
        raise SettingsError(f"{either.connection_string} and {either.endpoint} are both set. Remove one.")
    if url:
        endpoint: Account = _parse(either.endpoint, url, form.ENDPOINT)
        return endpoint
    if text:
        return ConnectionString(text)
    words = f"a connection string, or {either.endpoint} to {form.ENDPOINT.words}"
    raise SettingsError(_missing(either.connection_string, words, unresolved))


def _missing(name: str, words: str, unresolved: frozenset[str]) -> str:
    if name in unresolved:
        return (
            f"{name} counts as missing: it is a Key Vault reference that did not resolve. Check that the secret "
            "exists and that the app's identity may read it; then restart the app."
        )
    return f"{name} is missing. Set it to {words}."


def _contradictions(values: Mapping[str, Any], given: Mapping[str, str], unresolved: frozenset[str]) -> Iterator[str]:
    """Problems between settings that are each well-formed; ``values`` lacks those that are not."""
    tenants = values.get("tenants", ())
    others = isinstance(tenants, tuple) and set(tenants) - {values.get("tenant_id")}
    if others and "tenant_id" in values and "MULTITENANT_CLIENT_ID" not in given:
        words = "the multi-tenant app that reaches the tenants in TENANTS besides TENANT_ID"
        yield _missing("MULTITENANT_CLIENT_ID", words, unresolved)

    for one, other in permutations(("NOTIFICATION_URL", "LIFECYCLE_URL")):
        if one in given and other not in given:
            yield _missing(other, f"the other function's public URL, or remove {one}", unresolved)

    containers = ("export_container", "state_container", "views_container")
    if len({values.get(name, _DEFAULTS[name]) for name in containers}) < len(containers):
        yield "EXPORT_CONTAINER, STATE_CONTAINER and VIEWS_CONTAINER must be three different containers."
