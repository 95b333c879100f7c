"""Who the app is: the credential for Graph and storage."""

from typing import TYPE_CHECKING

from shared.settings import GraphCredential, Settings

if TYPE_CHECKING:  # azure-identity takes long to load, and importing the app must be quick
    from azure.core.credentials import TokenCredential


def credential(settings: Settings) -> "TokenCredential":
    """Make the credential that the settings ask for; a process keeps one, since its tokens are cached in it."""
    from azure.identity import (  # noqa: TID251
        AzureCliCredential,
        AzureDeveloperCliCredential,
        ChainedTokenCredential,
        ManagedIdentityCredential,
    )

    match settings.graph_credential:
        case GraphCredential.MANAGED_IDENTITY:
            return ManagedIdentityCredential(client_id=settings.managed_identity_client_id)
        case GraphCredential.DEVELOPER:
            # The two sign-ins that a developer of this app has, and in the tenant that is exported.
            # DefaultAzureCredential would also take secrets from the environment and whatever identity
            # an editor happens to be signed in with.
            return ChainedTokenCredential(
                AzureCliCredential(tenant_id=settings.tenant_id),
                AzureDeveloperCliCredential(tenant_id=settings.tenant_id),
            )
