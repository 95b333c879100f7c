"""The composition root: what the functions work with, made from the settings, once a process and when first needed.

Importing this loads neither azure-identity nor azure-storage nor requests: a cold start must answer Graph's webhook
within seconds.
"""

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, wraps
from threading import RLock
from typing import TYPE_CHECKING

from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.graph.sources import DAILY
from shared.setting_forms import ConnectionString, Endpoint, TenantsBlob
from shared.settings import Settings, load

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.export.edges import Edges, Rules
    from shared.graph.client import HttpTransport
    from shared.storage.blobs import Blobs
    from shared.storage.queues import AzureQueue
    from shared.subscriptions.graph import GraphSubscriptions
    from shared.subscriptions.maintain import Maintenance

JOBS_QUEUE = "export-jobs"
NOTIFICATIONS_QUEUE = "graph-notifications"
POISON = "-poison"
QUEUES = tuple(f"{name}{suffix}" for name in (JOBS_QUEUE, NOTIFICATIONS_QUEUE) for suffix in ("", POISON))

# The SDKs log each request at INFO.
logging.getLogger("azure").setLevel(logging.WARNING)

_SUBSCRIPTIONS_S = 60
"""How long looking after one tenant's subscriptions may wait for Graph."""

clock = SystemClock()

_making = RLock()


def _once[T](make: Callable[[], T]) -> Callable[[], T]:
    """Make it when it is first asked for, and but once, also when several messages come in at a cold start."""
    made = cache(make)

    @wraps(make)
    def get() -> T:
        with _making:
            return made()

    return get


@_once
def settings() -> Settings:
    """The app's settings.

    Raises:
        SettingsError: some are missing or wrong; all of them are named.
    """
    return load(os.environ)  # noqa: TID251


def tenants() -> tuple[str, ...]:
    """The tenants to export."""
    wanted = settings().tenants
    if isinstance(wanted, TenantsBlob):
        raise SettingsError("TENANTS as blob:<name> is not supported yet; it must be tenant ids with commas between.")
    return wanted


def sources() -> tuple[str, ...]:
    """The sources to export."""
    return (*settings().export_sources, *DAILY)


def ticks(of: Iterable[str]) -> list[str]:
    """One message for each tenant and each of these sources."""
    from shared.export.jobs import Job, encode

    return [encode(Job(asked_by="tick", source=source, tenant=tenant)) for tenant in tenants() for source in of]


def comparisons() -> list[str]:
    """One message for each tenant and incremental source: compare the last days, and all gaps."""
    from datetime import timedelta

    from shared.export.jobs import Days, Job, encode

    today = clock.now().date()
    days = Days(first=today - timedelta(days=settings().reconcile_days), last=today)
    return [
        encode(Job(asked_by="tick", source=source, tenant=tenant, reconcile=days))
        for tenant in tenants()
        for source in settings().export_sources
    ]


def tell_poisoned() -> None:
    """Tell of poison queues that hold messages: the host moves them there without a word that an alarm could hear."""
    from shared import events

    for name in QUEUES:
        if name.endswith(POISON) and (messages := queue(name).length()):
            events.emit(events.Event.POISONED, queue=name, messages=messages)


def bells(tenant: str) -> list[str]:
    """One message for each incremental source of a tenant: a change of an alert changes its incident, too."""
    from shared.export.jobs import Job, encode

    return [encode(Job(asked_by="bell", source=source, tenant=tenant)) for source in settings().export_sources]


def subscriptions(tenant: str) -> "GraphSubscriptions":
    """Graph's subscriptions in a tenant."""
    from shared.subscriptions.graph import GraphSubscriptions

    return GraphSubscriptions(edges().graph, tenant, clock.monotonic() + _SUBSCRIPTIONS_S)


def maintenance(tenant: str) -> "Maintenance | None":
    """What it takes to look after a tenant's subscriptions; None where no webhook is set up.

    Raises:
        SettingsError: there is a URL, and no clientState.
    """
    from shared.export.lease import KeptAlive
    from shared.subscriptions.maintain import Maintenance
    from shared.subscriptions.plan import Wanted
    from shared.webhooks.warm import warm

    config = settings()
    if config.notification_url is None or config.lifecycle_url is None:
        return None
    return Maintenance(
        graph=subscriptions(tenant),
        blobs=state(),
        clock=clock,
        tenant=tenant,
        wanted=[Wanted(one.resource, one.change_type) for one in config.subscriptions],
        notification_url=config.notification_url,
        lifecycle_url=config.lifecycle_url,
        client_state=config.client_states()[0],
        warm=lambda url: warm(http(), url),
        ring=lambda: _send_all(bells(tenant)),
        keep_alive=KeptAlive,
    )


def _send_all(messages: Iterable[str]) -> None:
    for text in messages:
        edges().jobs.send(text)


@_once
def http() -> "HttpTransport":
    """Connections to Graph, shared by all threads."""
    from shared.graph.client import HttpTransport

    return HttpTransport(connections=settings().export_concurrency * 8)


@_once
def edges() -> "Edges":
    """Everything that the export touches."""
    from shared.export.edges import Edges
    from shared.export.lease import KeptAlive
    from shared.graph.client import GraphClient
    from shared.graph.tokens import IdentityTokens

    config = settings()
    return Edges(
        graph=GraphClient(
            config.graph_base_url,
            IdentityTokens(_credential(), config.tenant_id, config.graph_scope),
            http(),
            clock,
            config.graph_requests_per_minute,
        ),
        data=_container(config.export_container),
        state=state(),
        jobs=queue(JOBS_QUEUE),
        clock=clock,
        pool=ThreadPoolExecutor,
        keep_alive=KeptAlive,
    )


@_once
def rules() -> "Rules":
    """What the export works by."""
    from shared import instants
    from shared.export.edges import Rules

    config = settings()
    return Rules(
        lookback_days=config.export_lookback_days,
        overlap=config.export_overlap_minutes * instants.MINUTE,
        concurrency=config.export_concurrency,
        budget_s=config.run_budget_seconds,
        bell_interval=config.bell_interval_seconds * instants.SECOND,
    )


@_once
def state() -> "Blobs":
    """STATE_CONTAINER."""
    return _container(settings().state_container)


@_once
def _credential() -> "TokenCredential":
    from shared.identity import credential

    return credential(settings())


def _container(name: str) -> "Blobs":
    from shared.storage import azure_blobs

    match settings().export_storage:
        case ConnectionString(text):
            return azure_blobs.AzureBlobs(azure_blobs.by_connection_string(text, name))
        case Endpoint(url):
            return azure_blobs.AzureBlobs(azure_blobs.by_endpoint(url, name, _credential()))


@cache
def queue(name: str) -> "AzureQueue":
    """A queue of the host's storage account."""
    from shared.storage import queues

    match settings().queue_storage:
        case ConnectionString(text):
            return queues.by_connection_string(text, name)
        case Endpoint(url):
            return queues.by_endpoint(url, name, _credential())
