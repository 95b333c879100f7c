"""Bearer tokens for Graph, one tenant's never used for another; and what it means when there is none."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

from shared.clock import Clock
from shared.errors import GraphRefused, GraphUnavailable
from shared.graph.answers import TryAgain, retry_after_s
from shared.identity import Cloud

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_MOST_WORDS: Final = 300
"""Characters of Entra's own words: foreign text is cut."""

_PASSING: Final = ("temporarily_unavailable", "server_error")
"""Errors of OAuth 2.0 (RFC 6749) that go away by themselves; Entra's numbers may change, says Microsoft, these not."""

_ADVICE: Final[Mapping[str, str]] = {
    "AADSTS90002": "Check the tenant id in TENANTS: Entra knows no such tenant.",
    "AADSTS65001": "{consent}",
    "AADSTS700016": "{consent}",
    "AADSTS7000229": "{consent}",
    "AADSTS7000112": "An administrator of the tenant has disabled the app there, and can enable it again.",
    "AADSTS70021": "{trust}",
    "AADSTS700211": "{trust}",
    "AADSTS700212": "{trust}",
    "AADSTS700213": "{trust}",
}
"""What to do, by Entra's number ("Microsoft Entra authentication and authorization error codes")."""
_CONSENT: Final = "An administrator of the tenant has to consent: open {sign_in}/{tenant}/adminconsent?client_id={app}"
_TRUST: Final = (
    "The app's federated credential does not fit the managed identity: issuer {sign_in}/<home tenant>/v2.0, subject "
    "the identity's object id, audience {exchange}."
)


class Credentials(Protocol):
    """The credential of each tenant."""

    def of(self, tenant: str) -> "TokenCredential": ...


class IdentityTokens:
    """Tokens of the app in each tenant; credentials cache them until shortly before they end."""

    def __init__(
        self,
        credentials: Credentials,
        scope: str,
        clock: Clock,
        *,
        app: str | None,
        cloud: Cloud,
    ) -> None:
        """``app`` is the multi-tenant app; errors name it and what its cloud's Entra is called."""
        self._credentials = credentials
        self._scope = scope
        self._clock = clock
        self._app = app
        self._cloud = cloud

    def token(self, tenant: str) -> str:
        """A token for the tenant.

        Raises:
            SettingsError: no setting says how to reach the tenant.
            GraphRefused: Entra refuses, until somebody acts: not consented, no such tenant.
            TryAgain: Entra is throttled, faulty or out of reach.
            GraphUnavailable: the app's own identity gave none.
        """
        try:
            return self._credentials.of(tenant).get_token(self._scope).token
        except HttpResponseError as error:
            # Without its cause, whose response holds what was sent.
            raise self._refusal(tenant, error) from None
        except (ServiceRequestError, ServiceResponseError) as error:
            raise TryAgain(f"tenant {tenant}: no answer from Entra ({type(error).__name__})") from None
        except AzureError as error:
            raise self._none(tenant, error) from error

    def _refusal(self, tenant: str, error: HttpResponseError) -> Exception:
        """Entra's answer as an error."""
        status = error.status_code or 0
        if (said := _said(error)) is None:
            if status == 429 or status >= 500:  # a gateway before Entra
                return TryAgain(f"tenant {tenant}: Entra answered {status}", status=status)
            return self._none(tenant, error)
        kind, words = str(said.get("error")), str(said.get("error_description") or "no description")
        number = match[0] if (match := re.search(r"AADSTS\d+", words)) else ""
        what = f"tenant {tenant}: Entra gave the app {self._app} no token ({kind}): {_short(words)}"
        if kind in _PASSING or status == 429 or status >= 500:
            return TryAgain(what, status=status, retry_after_s=_wait_s(error, self._clock.now()))
        advice = _ADVICE.get(number, "Look the number up at {sign_in}/error; where it is about consent: {consent}")
        cloud = self._cloud
        names = {"sign_in": cloud.sign_in, "tenant": tenant, "app": self._app, "exchange": cloud.exchange}
        fix = advice.format(consent=_CONSENT.format(**names), trust=_TRUST.format(**names), **names)
        return GraphRefused(f"{what} {fix}", status=status, code=number or kind)

    def _none(self, tenant: str, error: AzureError) -> GraphUnavailable:
        what = f"tenant {tenant}: the app's identity gave no token for {self._scope} ({type(error).__name__})"
        advice = "Check that the app has a managed identity, and MANAGED_IDENTITY_CLIENT_ID where it is user-assigned."
        return GraphUnavailable(f"{what}. {advice}")


def _said(error: HttpResponseError) -> dict[str, object] | None:
    """Entra's JSON (error, error_description); None where it was not Entra that answered."""
    if error.response is None:
        return None
    try:
        said = json.loads(error.response.text())
    except (ValueError, AttributeError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("error"), str) else None


def _short(words: str) -> str:
    """Entra's description; of the ids behind it, the one that its support asks for."""
    text, _, ids = words.partition("Trace ID: ")
    trace = ids.split()[0] if ids.split() else ""
    return text.strip()[:_MOST_WORDS] + (f" (trace id {trace[:40]})" if trace else "")


def _wait_s(error: HttpResponseError, now: datetime) -> float:
    headers = getattr(error.response, "headers", {})
    return retry_after_s(headers.get("Retry-After"), now)
