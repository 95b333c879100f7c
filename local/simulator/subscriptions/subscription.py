"""A subscription, and how long it lives."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from local.simulator.subscriptions.proposal import Proposal
from local.simulator.timestamps import TICKS_PER_SECOND, text
from local.simulator.tokens import Token

_CHALLENGE_PARTS = 10
"""The challenge before the end comes in the last tenth of a life; Graph does not say when it does."""
_CONFLICT = 600 * TICKS_PER_SECOND
"""Reauthorize and PATCH within 10 minutes "can result in subscription state inconsistencies"."""


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A subscription as Graph keeps it; moments are ticks."""

    id: str
    tenant_id: str
    app_id: str
    wanted: Proposal
    notification_url: str
    created: int
    expires: int = 0
    challenge_at: int | None = None
    """When reauthorizationRequired is due; None: it was sent, or has nowhere to go."""
    paused: bool = False
    """It waits for an answer to a challenge: changes until then are lost."""
    conflicts: int = 0
    """How often it was reauthorized and patched within 10 minutes, which Graph warns of."""
    _patched: int = field(default=-_CONFLICT)
    _reauthorized: int = field(default=-_CONFLICT)

    def live_until(self, expires: int, now: int) -> None:
        """Let it end then, and be challenged before."""
        self.expires = expires
        if self.wanted.lifecycle_url is not None:
            self.challenge_at = expires - (expires - now) // _CHALLENGE_PARTS

    def patched(self, now: int) -> None:
        """A PATCH also reauthorizes."""
        self.paused = False
        self._patched = now
        self.conflicts += now - self._reauthorized < _CONFLICT

    def reauthorized(self, now: int) -> None:
        """It goes on, until its end."""
        self.paused = False
        self._reauthorized = now
        self.conflicts += now - self._patched < _CONFLICT

    def is_of(self, token: Token) -> bool:
        """Whether a token's app made it in the token's tenant."""
        return (self.tenant_id, self.app_id) == (token.tenant_id, token.app_id)

    def document(self, *, secret: bool = False) -> dict[str, Any]:
        """Its JSON; ``clientState`` only in the answer that made it."""
        return {
            "id": self.id,
            "resource": self.wanted.resource,
            "applicationId": self.app_id,
            "changeType": self.wanted.change_type,
            "clientState": self.wanted.client_state if secret else None,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": None,
            "lifecycleNotificationUrl": self.wanted.lifecycle_url,
            "expirationDateTime": text(self.expires),
            "creatorId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.tenant_id}/{self.app_id}")),
            "includeResourceData": None,
            "latestSupportedTlsVersion": self.wanted.tls_version,
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }
