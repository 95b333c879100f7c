"""Tokens of whoever is signed in, with azd or else with az."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential

from infra.hooks.stopped import Stopped

logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it logs stands in its errors, too

_PROCESS_TIMEOUT_S: Final = 60
"""A first ``azd auth token`` on a slow machine takes longer than azure-identity's 10 s."""
_SPARE_S: Final = 300
_WORDS: Final = 500


class SignIn:
    """Bearer tokens by scope, kept until shortly before they end: each new one starts a process.

    Which cloud signs in is azd's and az's own setting (``azd config set cloud.name``, ``az cloud set``).

    Args:
        tenant_id: the tenant to sign in to; empty: the default one of whoever is signed in.
        now: tells the time, aware.
    """

    def __init__(self, tenant_id: str, now: Callable[[], datetime]) -> None:
        self._tenant_id = tenant_id
        self._now = now
        self._kept: dict[str, AccessToken] = {}
        self._credential = ChainedTokenCredential(
            AzureDeveloperCliCredential(tenant_id=tenant_id, process_timeout=_PROCESS_TIMEOUT_S),
            AzureCliCredential(tenant_id=tenant_id, process_timeout=_PROCESS_TIMEOUT_S),
        )

    def token(self, resource: str) -> str:
        """A token for a service, named by its URL.

        Raises:
            Stopped: nobody is signed in, or the sign-in is not good for this.
        """
        kept = self._kept.get(resource)
        if kept is None or kept.expires_on - self._now().timestamp() < _SPARE_S:
            try:
                kept = self._kept[resource] = self._credential.get_token(f"{resource}/.default")
            except ClientAuthenticationError as error:
                tenant = f" --tenant-id {self._tenant_id}" if self._tenant_id else ""
                raise Stopped(
                    f"no token for {resource}. Sign in with 'azd auth login{tenant}' (or with 'az login'), and run "
                    f"this again.\n{str(error)[:_WORDS]}"
                ) from None
        return kept.token
