"""The composition root: what the functions work with, made from the settings, once a process and when first needed.

Importing this loads neither azure-identity nor azure-storage nor requests: a cold start must answer Graph's webhook
within seconds.
"""

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, wraps
from threading import RLock
from typing import TYPE_CHECKING

from shared.clock import SystemClock
from shared.errors import DataNotUnderstood
from shared.graph.sources import DAILY
from shared.setting_forms import ConnectionString, Endpoint, TenantsBlob
from shared.settings import Settings, load

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.export.edges import Edges, Rules
    from shared.export.jobs import Days
    from shared.graph.client import HttpTransport
    from shared.storage.blobs import Blobs
    from shared.storage.queues import AzureQueue
    from shared.subscriptions.graph import GraphSubscriptions
    from shared.subscriptions.maintain import Maintenance
    from shared.tenants import TenantsFile
    from shared.views import latest
    from shared.views.rendering import Rendering

JOBS_QUEUE = "export-jobs"
NOTIFICATIONS_QUEUE = "graph-notifications"
POISON = "-poison"
QUEUES = tuple(f"{name}{suffix}" for name in (JOBS_QUEUE, NOTIFICATIONS_QUEUE) for suffix in ("", POISON))

# The SDKs log each request at INFO; azure-identity warns of each token that it does not get, with Entra's whole answer.
logging.getLogger("azure").setLevel(logging.WARNING)
logging.getLogger("azure.identity").setLevel(logging.ERROR)

_SUBSCRIPTIONS_S = 60
"""How long looking after one tenant's subscriptions may wait for Graph."""

_SENDERS = 8
"""Messages sent at once: the SDK keeps ten connections."""

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


def tenants(*, recent: bool = False) -> tuple[str, ...]:
    """The tenants to export, as they stand now; ``recent`` takes a list that is up to a minute old.

    Raises:
        DataNotUnderstood: the blob that lists them is wrong.
    """
    wanted = settings().tenants
    if isinstance(wanted, TenantsBlob):
        file = _tenants_file(wanted.name)
        return file.recent() if recent else file.read()
    return wanted


def exports(tenant: str) -> bool:
    """Whether a tenant is exported, asked for what is on a queue.

    Only whoever a recent list does not name is looked up in the present one. While that is broken, what was put on the
    queue when it was whole is done: ticks fail and tell, and messages must not be poisoned by a typing error.
    """
    try:
        return tenant in tenants(recent=True) or tenant in tenants()
    except DataNotUnderstood:
        return True


@cache
def _tenants_file(name: str) -> "TenantsFile":
    from shared.tenants import TenantsFile

    return TenantsFile(state(), name, clock)


def sources() -> tuple[str, ...]:
    """The sources to export."""
    return (*settings().export_sources, *DAILY)


def tick(of: Iterable[str], compare: "Days | None" = None) -> None:
    """Ask for an export of each tenant and each of these sources, or for days to be compared; many messages at once.

    An output binding sends one after the other (azure-functions-host, FunctionBinding.cs), each as long as storage is
    away: a thousand tenants' messages shall not take half of the time between two ticks.
    """
    from shared.export.jobs import Job, encode

    jobs = (
        Job(asked_by="tick", source=source, tenant=tenant, reconcile=compare) for tenant in tenants() for source in of
    )
    _send_all(map(encode, jobs))


def last_days() -> "Days":
    """The days that are compared daily."""
    from datetime import timedelta

    from shared.export.jobs import Days

    today = clock.now().date()
    return Days(first=today - timedelta(days=settings().reconcile_days), last=today)


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
        ring=lambda: ring(tenant),
        keep_alive=KeptAlive,
    )


def ring(tenant: str) -> None:
    """Ring the tenant's bells without a binding."""
    _send_all(bells(tenant))


def maintain_all(adopt: Callable[[], None]) -> None:
    """Look after the subscriptions of as many tenants as time allows; ``adopt`` is called in each thread of it."""
    from shared.errors import AppError
    from shared.subscriptions import rounds

    def maintain(tenant: str) -> None:
        if one := maintenance(tenant):
            with suppress(AppError):  # told by an event, and kept for status
                one.run()

    config = settings()
    if config.notification_url is None:
        return
    config.client_states()
    with ThreadPoolExecutor(rounds.AT_ONCE, initializer=adopt) as pool:
        rounds.run(tenants(), maintain, state(), clock, pool)


def _send_all(messages: Iterable[str]) -> None:
    """Each is tried, whatever becomes of the others; then the first failure is raised."""
    jobs = queue(JOBS_QUEUE)
    with ThreadPoolExecutor(_SENDERS) as pool:
        sent = [pool.submit(jobs.send, message) for message in messages]
    for one in sent:
        one.result()


@_once
def http() -> "HttpTransport":
    """Connections to Graph, shared by all threads."""
    from shared.graph.client import HttpTransport

    return HttpTransport(connections=settings().export_concurrency * 8)


@_once
def edges() -> "Edges":
    """Everything that the export touches."""
    from shared import identity
    from shared.export.edges import Edges
    from shared.export.lease import KeptAlive
    from shared.graph.client import GraphClient
    from shared.graph.tokens import IdentityTokens

    config = settings()
    return Edges(
        graph=GraphClient(
            config.graph_base_url,
            IdentityTokens(
                identity.Credentials(config, _credential()),
                config.graph_scope,
                clock,
                app=config.multitenant_client_id,
                cloud=identity.cloud(config),
            ),
            http(),
            clock,
            config.graph_requests_per_minute,
        ),
        data=data(),
        state=state(),
        jobs=queue(JOBS_QUEUE),
        clock=clock,
        pool=ThreadPoolExecutor,
        keep_alive=KeptAlive,
    )


@_once
def latest_edges() -> "latest.Edges":
    """Everything that the latest view touches."""
    from shared.export.lease import KeptAlive
    from shared.views import latest

    return latest.Edges(data=data(), state=state(), views=views(), clock=clock, keep_alive=KeptAlive)


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
def data() -> "Blobs":
    """EXPORT_CONTAINER."""
    return _container(settings().export_container)


@_once
def state() -> "Blobs":
    """STATE_CONTAINER."""
    return _container(settings().state_container)


@_once
def views() -> "Blobs":
    """VIEWS_CONTAINER."""
    return _container(settings().views_container)


def rendering() -> "Rendering":
    """What it takes to render reports."""
    from shared.views.rendering import Rendering

    return Rendering(data=data(), state=state(), views=views(), sources=sources(), clock=clock, pool=ThreadPoolExecutor)


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
