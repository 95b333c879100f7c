"""Bearer tokens: opaque, of one tenant, with application roles and an end."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.simulator.errors import Refusal
from local.simulator.sources import ROLES, Source

LIFETIME = timedelta(hours=24)
"""Of a managed identity's token."""
DEFAULT_APP_ID = "00000000-0000-4000-8000-00000000aaaa"
"""Of a system-assigned identity."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer token stands for."""

    tenant_id: str
    roles: frozenset[str]
    expires: datetime
    app_id: str = DEFAULT_APP_ID

    def require(self, source: Source, *, writing: bool = False) -> None:
        """Check that a role suffices.

        Raises:
            Refusal: 403.
        """
        roles = source.write_roles if writing else source.roles
        if self.roles.isdisjoint(roles):
            raise Refusal(
                403,
                source.refusal,
                f"Missing application roles. API required roles: {', '.join(roles)}, "
                f"application roles: {', '.join(sorted(self.roles))}.",
            )


class Tokens:
    """The tokens that were issued."""

    def __init__(self) -> None:
        self._issued: dict[str, Token] = {}

    def issue(self, tenant_id: str, roles: Collection[str] | None, now: datetime, app_id: str = DEFAULT_APP_ID) -> str:
        """A new token; ``None`` grants every role that the simulator knows."""
        text = f"simulated.{tenant_id}.{len(self._issued)}"
        granted = ROLES if roles is None else frozenset(roles)
        self._issued[text] = Token(tenant_id, granted, now + LIFETIME, app_id)
        return text

    def of(self, headers: Mapping[str, str], now: datetime) -> Token:
        """The token that a request carries.

        Raises:
            Refusal: 401.
        """
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        token = self._issued.get(text)
        if token is None:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure.")
        if now >= token.expires:
            raise Refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        return token
