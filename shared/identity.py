"""Who the app is: the credential for storage and the home tenant's Graph, and one for each other tenant's.

No tenant needs a key. A multi-tenant app trusts the managed identity (a federated identity credential); where a tenant
has consented to that app, Entra gives it a token for the tenant's Graph in exchange for the identity's own token.
Source: "Configure an application to trust a managed identity", learn.microsoft.com/entra/workload-id.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from shared.errors import GraphUnavailable, SettingsError
from shared.settings import GraphCredential, Settings

if TYPE_CHECKING:  # azure-identity takes long to load, and importing the app must be quick
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import RequestsTransport


@dataclass(frozen=True, slots=True)
class Cloud:
    """What a cloud's Entra is called."""

    sign_in: str
    """Where people sign in, and administrators consent."""
    exchange: str
    """The audience of a managed identity's token that is to be exchanged."""


_PUBLIC: Final = Cloud("https://login.microsoftonline.com", "api://AzureADTokenExchange")
_US_GOVERNMENT: Final = Cloud("https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov")
_CHINA: Final = Cloud("https://login.partner.microsoftonline.cn", "api://AzureADTokenExchangeChina")

_CLOUDS: Final[Mapping[str, Cloud]] = {
    "https://graph.microsoft.us": _US_GOVERNMENT,
    "https://dod-graph.microsoft.us": _US_GOVERNMENT,
    "https://microsoftgraph.chinacloudapi.cn": _CHINA,
}
"""By ``GRAPH_BASE_URL``: "National cloud deployments" (Graph), and the page above for the audiences."""

_KEPT: Final = 2000
"""Credentials of other tenants that a process keeps, 30 KiB each; whoever comes back later costs a token request."""


def cloud(settings: Settings) -> Cloud:
    """The cloud that the settings' Graph is in."""
    return _CLOUDS.get(settings.graph_base_url, _PUBLIC)


def credential(settings: Settings) -> "TokenCredential":
    """Make the credential that the settings ask for; a process keeps one, since its tokens are cached in it."""
    from azure.identity import ManagedIdentityCredential  # noqa: TID251

    match settings.graph_credential:
        case GraphCredential.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=settings.managed_identity_client_id)
        case GraphCredential.DEVELOPER:
            return _signed_in(settings.tenant_id)


class Credentials:
    """The credential for each tenant's Graph: made once, kept with its tokens."""

    def __init__(self, settings: Settings, own: "TokenCredential") -> None:
        """``own`` is what ``credential`` made: the home tenant's, and what the others' tokens are exchanged for."""
        self._settings = settings
        self._own = own
        self._others: OrderedDict[str, TokenCredential] = OrderedDict()
        self._lock = Lock()
        self._transport: RequestsTransport | None = None

    def of(self, tenant: str) -> "TokenCredential":
        """The credential of a tenant. Asks nobody for anything yet.

        Raises:
            SettingsError: it is not the home tenant, and there is no app to reach it with.
        """
        if tenant == self._settings.tenant_id:
            return self._own
        with self._lock:
            if tenant not in self._others:
                self._others[tenant] = self._make(tenant)
                if len(self._others) > _KEPT:
                    self._others.popitem(last=False)
            self._others.move_to_end(tenant)
            return self._others[tenant]

    def _make(self, tenant: str) -> "TokenCredential":
        if self._settings.graph_credential is GraphCredential.DEVELOPER:
            return _signed_in(tenant)
        if self._settings.multitenant_client_id is None:
            raise SettingsError(
                f"tenant {tenant}: MULTITENANT_CLIENT_ID is missing. Set it to the multi-tenant app that reaches the "
                "tenants besides TENANT_ID, or take them out of TENANTS."
            )
        from azure.core.pipeline.transport import RequestsTransport
        from azure.identity import ClientAssertionCredential  # noqa: TID251

        if self._transport is None:
            # One for all: a thousand credentials must not hold a thousand connections to Entra.
            self._transport = RequestsTransport(connection_timeout=10, read_timeout=30)
        return ClientAssertionCredential(
            tenant_id=tenant,
            client_id=self._settings.multitenant_client_id,
            func=exchangeable(self._own, cloud(self._settings)),
            transport=self._transport,
            # Whoever asks for a token decides how long to wait, and tries again itself.
            retry_total=0,
        )


def exchangeable(own: "TokenCredential", cloud: Cloud) -> Callable[[], str]:
    """What gives the managed identity's token for the exchange; azure-identity keeps it until shortly before its end.

    The function raises ``GraphUnavailable`` where there is none.
    """

    def token() -> str:
        from azure.core.exceptions import AzureError

        try:
            return own.get_token(f"{cloud.exchange}/.default").token
        except AzureError as error:
            raise GraphUnavailable(
                f"The app's identity gave no token for {cloud.exchange} ({type(error).__name__}). Check that the app "
                "has a managed identity, and MANAGED_IDENTITY_CLIENT_ID where it is user-assigned."
            ) from error

    return token


def _signed_in(tenant: str) -> "TokenCredential":
    """The two sign-ins that a developer of this app has, in the tenant that is exported.

    DefaultAzureCredential would also take secrets from the environment and whatever identity an editor happens to be
    signed in with.
    """
    from azure.identity import (  # noqa: TID251
        AzureCliCredential,
        AzureDeveloperCliCredential,
        ChainedTokenCredential,
    )

    return ChainedTokenCredential(AzureCliCredential(tenant_id=tenant), AzureDeveloperCliCredential(tenant_id=tenant))
