"""Bearer tokens for Graph from the app's own identity."""

from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from shared.errors import GraphUnavailable, SettingsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class IdentityTokens:
    """Tokens of the home tenant; the credential caches them until shortly before they end."""

    def __init__(self, credential: "TokenCredential", home_tenant: str, scope: str) -> None:
        self._credential = credential
        self._home_tenant = home_tenant
        self._scope = scope

    def token(self, tenant: str) -> str:
        """A token for the tenant.

        Raises:
            SettingsError: the tenant is not the home tenant.
            GraphUnavailable: the identity gave none.
        """
        if tenant != self._home_tenant:
            raise SettingsError(f"tenant {tenant}: only TENANT_ID can be exported. Take the others out of TENANTS.")
        try:
            return self._credential.get_token(self._scope).token
        except AzureError as error:
            what = f"tenant {tenant}: the app's identity gave no token for {self._scope} ({type(error).__name__})"
            advice = (
                "Check that the app has a managed identity, and MANAGED_IDENTITY_CLIENT_ID where it is user-assigned."
            )
            raise GraphUnavailable(f"{what}. {advice}") from error
