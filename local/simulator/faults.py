"""What may go wrong on purpose: switches, to be turned while the simulator runs."""

from dataclasses import dataclass, field
from typing import Literal

from local.simulator.errors import Refusal, of_status
from local.simulator.products import Product
from local.simulator.sources import SOURCES


@dataclass(slots=True)
class Scripted:
    """The answer to one of the next requests."""

    status: int = 503
    retry_after: str | None = None
    """Seconds or an HTTP date."""
    reset: bool = False
    """Reset the connection instead of answering."""


@dataclass(slots=True)
class ProviderFailure:
    """A provider that did not answer: ``{Vendor}/{Provider}/{StatusCode}/{LatencyInMs}``."""

    vendor: str
    provider: str
    status: int = 504
    latency_ms: int = 10_000

    def __str__(self) -> str:
        return f'199 - "{self.vendor}/{self.provider}/{self.status}/{self.latency_ms}"'


@dataclass(slots=True)
class Trouble:
    """The switches that everything has which answers requests."""

    script: list[Scripted] = field(default_factory=list)
    """Answers to the next requests; used up from the front."""
    outage: int | None = None
    """Every request is answered with this status."""
    latency_ms: float = 0
    """The HTTP server waits so long before it answers."""

    def strike(self) -> None:
        """Fail the request as a server in trouble does, whatever was asked.

        Raises:
            ConnectionResetError: the script says so.
            Refusal: an outage, or the script's next answer.
        """
        if self.script:
            scripted = self.script.pop(0)
            if scripted.reset:
                raise ConnectionResetError("the script resets this connection")
            raise of_status(scripted.status, scripted.retry_after)
        if self.outage is not None:
            raise of_status(self.outage)


@dataclass(slots=True)
class SourceFaults(Trouble):
    """The switches of one source; as constructed, all is well."""

    gone: Literal["404", "410", "empty"] | None = None
    """The source is retired: nobody knows how the legacy alerts end."""
    max_top: int | None = None
    """``$top`` is clamped to this without a word."""
    partial: list[ProviderFailure] = field(default_factory=list)
    """Answers are 206 and lack these providers' records."""
    poison: set[str] = field(default_factory=set)
    """A page that would hold one of these ids fails (elastic/integrations#18144)."""
    poison_status: int = 500
    unordered: bool = False
    """``$orderby`` is ignored: newest first."""
    empty_first_page: bool = False
    """The first page is empty and links to the data."""
    no_next_link: bool = False
    """No page links to the next one (reported of alerts_v2, learn Q&A 1611210)."""
    repeat_last_page: bool = False
    """Each page begins with all rows of the page before it."""
    lose_write_answers: int = 0
    """So many of the next writes are done, and their connection is reset instead of answered."""
    pretty: bool = False
    """JSON with line breaks between tokens."""

    def failed(self, product: Product) -> bool:
        """Whether a product's provider is among the failing ones."""
        return any(product.is_called(failure.provider) for failure in self.partial)

    def poisoned(self) -> Refusal:
        """How a page with a poison record fails."""
        return of_status(self.poison_status)


SUBSCRIPTIONS = "subscriptions"
"""Stands beside the sources' names."""

WELL = SourceFaults()
"""To compare with."""


@dataclass(slots=True)
class SubscriptionFaults(Trouble):
    """The switches of subscriptions and their notifications; as constructed, all is well."""

    alerts_v2: Literal["allowed", "created only", "refused"] = "allowed"
    """Nobody knows: no document names a subscription to alerts_v2, and reports differ."""
    unsupported_providers: Literal["refused", "silent"] = "refused"
    """Providers without support: refused by name, or accepted and never heard of, as microsoftgraph/
    security-api-solutions#41 and microsoft-graph-docs#16474 report."""
    refuse_validation: bool = False
    """No endpoint is found valid."""
    quota: int | None = None
    """So many subscriptions a tenant and app; no limit is documented for security alerts."""
    throttled: bool = True
    """Whether Graph's request limits for subscriptions count."""
    page_size: int | None = None
    """``GET /subscriptions`` shows so many at once and links to the next."""
    lose_next: int = 0
    """So many of the next notifications are lost."""
    lose_share: float = 0
    """This share of the notifications is lost, 0 to 1."""
    double_next: int = 0
    """So many of the next notifications come twice."""
    double_share: float = 0
    """This share of the notifications comes twice, 0 to 1."""
    delay_s: float = 0
    """Notifications wait so long (Graph: under 3 minutes in the mean, 5 at most)."""


@dataclass(slots=True)
class TenantFaults(Trouble):
    """The switches of one tenant among many: what it asks of Graph, and of Entra."""

    consent: Literal["given", "missing", "no principal", "refused", "no permissions", "unavailable"] = "given"
    """Entra refuses the app as not found, for want of a service principal, or of consent; gives a token without roles;
    or is in trouble itself."""
    throttled: str | None = None
    """Graph answers everything with 429 and this Retry-After."""

    def strike(self) -> None:
        if self.throttled is not None:
            raise of_status(429, self.throttled)
        super(TenantFaults, self).strike()


class Faults:
    """The switches of every source, of subscriptions, of single tenants, and of the tenant's request budget."""

    def __init__(self) -> None:
        self._sources = {name: SourceFaults() for name in SOURCES}
        self.subscriptions = SubscriptionFaults()
        self.tenants: dict[str, TenantFaults] = {}
        """Of the tenants that are not well."""
        self.requests_per_minute: int | None = 150
        """Per tenant, over alerts, alerts_v2 and secureScores (Graph's throttling limits); None lifts it."""

    def __getitem__(self, source: str) -> SourceFaults:
        return self._sources[source]

    def __setitem__(self, source: str, faults: SourceFaults) -> None:
        if source not in self._sources:
            raise KeyError(source)
        self._sources[source] = faults

    def of_tenant(self, tenant_id: str | None) -> TenantFaults:
        """The switches of a tenant; None has none."""
        return self.tenants.get(tenant_id or "", _WELL_TENANT)

    def latency_s(self, name: str, tenant_id: str | None = None) -> float:
        """How long the server waits before it answers for a source, for ``subscriptions``, or for nothing known."""
        trouble = self.subscriptions if name == SUBSCRIPTIONS else self._sources.get(name)
        return ((trouble.latency_ms if trouble else 0) + self.of_tenant(tenant_id).latency_ms) / 1000


_WELL_TENANT = TenantFaults()
