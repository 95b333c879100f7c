"""The bodies of POST and PATCH, read and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.simulator.errors import Refusal
from local.simulator.faults import SubscriptionFaults
from local.simulator.subscriptions.resources import Scope, read_scope
from local.simulator.timestamps import TICKS_PER_SECOND, parse

_MINUTE = 60 * TICKS_PER_SECOND
MIN_LIFE = 45 * _MINUTE
"""Whatever is less becomes this."""
MAX_LIFE_MINUTES = 43_200
"""Of security alerts."""
_MAX_CLIENT_STATE = 128
_CHANGE_TYPES = frozenset({"created", "updated", "deleted"})
_TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
_REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
_OPTIONAL = frozenset({"clientState", "lifecycleNotificationUrl", "latestSupportedTlsVersion", "includeResourceData"})
_CHANGEABLE = frozenset({"expirationDateTime", "notificationUrl"})
_NO_PAYLOAD = "Could not process subscription creation payload. Are all property names spelled and camelCased properly?"
"""microsoft-graph-docs#2231."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a POST asks for."""

    resource: str
    scope: Scope
    change_type: str
    change_types: frozenset[str]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: int
    tls_version: str

    def asks_for_the_same(self, other: "Proposal") -> bool:
        """Whether Graph would call it a duplicate."""
        same_resource = self.resource.strip("/").lower() == other.resource.strip("/").lower()
        return same_resource and self.change_types == other.change_types


@dataclass(frozen=True, slots=True)
class Update:
    """What a PATCH asks for."""

    expires: int | None
    notification_url: str | None


def read_proposal(body: bytes, now: int, faults: SubscriptionFaults) -> Proposal:
    """Read the body of a POST.

    Raises:
        Refusal: 400, or 403 for a resource that is too wide.
    """
    asked = _properties(body)
    if asked.keys() - _OPTIONAL - {*_REQUIRED}:
        raise invalid(_NO_PAYLOAD)
    for name in _REQUIRED:
        if not asked.get(name):
            # microsoft-graph-docs#4092
            raise invalid(f"{name} is a required property for subscription creation")
    if asked.get("includeResourceData"):
        raise invalid(f"Resource data is not supported for resource '{asked['resource']}'.")
    change_types = frozenset(each.strip() for each in asked["changeType"].split(","))
    if not change_types <= _CHANGE_TYPES:
        raise Refusal(400, "BadRequest", "Invalid changeType")
    client_state = asked.get("clientState")
    if client_state is not None and len(client_state) > _MAX_CLIENT_STATE:
        raise invalid(f"clientState must not be longer than {_MAX_CLIENT_STATE} characters.")
    tls_version = asked.get("latestSupportedTlsVersion") or "v1_2"
    if tls_version not in _TLS_VERSIONS:
        raise invalid(f"'{tls_version}' is not a supported value of latestSupportedTlsVersion.")
    lifecycle_url = asked.get("lifecycleNotificationUrl")
    return Proposal(
        resource=asked["resource"],
        scope=read_scope(asked["resource"], change_types, faults),
        change_type=asked["changeType"],
        change_types=change_types,
        notification_url=_url(asked["notificationUrl"], "notificationUrl"),
        lifecycle_url=None if lifecycle_url is None else _url(lifecycle_url, "lifecycleNotificationUrl"),
        client_state=client_state,
        expires=_expiry(asked["expirationDateTime"], now),
        tls_version=tls_version,
    )


def read_update(body: bytes, now: int) -> Update:
    """Read the body of a PATCH: "a subscription expiration time for renewal and/or the notificationUrl".

    Raises:
        Refusal: 400; also for lifecycleNotificationUrl and clientState, which last as long as the subscription.
    """
    asked = _properties(body)
    if fixed := sorted(asked.keys() - _CHANGEABLE):
        raise invalid(f"Only expirationDateTime and notificationUrl can be updated, not {', '.join(fixed)}.")
    if not asked or None in asked.values():
        raise invalid("expirationDateTime is a required property for subscription update")
    expires, url = asked.get("expirationDateTime"), asked.get("notificationUrl")
    return Update(
        expires=None if expires is None else _expiry(expires, now),
        notification_url=None if url is None else _url(url, "notificationUrl"),
    )


def invalid(message: str) -> Refusal:
    """400 as the subscription service words it."""
    return Refusal(400, "InvalidRequest", message)


def _properties(body: bytes) -> Mapping[str, Any]:
    """The properties; all but ``includeResourceData`` are texts or null."""
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(asked, dict):
        raise invalid(_NO_PAYLOAD)
    asked.pop("@odata.type", None)
    if any(
        not isinstance(value, (str, bool) if name == "includeResourceData" else str | None)
        for name, value in asked.items()
    ):
        raise invalid(_NO_PAYLOAD)
    return asked


def _expiry(moment: str, now: int) -> int:
    try:
        expires = parse(moment)
    except ValueError:
        raise invalid(_NO_PAYLOAD) from None
    if expires > now + MAX_LIFE_MINUTES * _MINUTE:
        # microsoft-graph-docs#2988, of another resource
        raise Refusal(
            400, "ExtensionError", f"Subscription expiration can only be {MAX_LIFE_MINUTES} minutes in the future."
        )
    return max(expires, now + MIN_LIFE)


def _url(url: str, name: str) -> str:
    """An endpoint; https, which is relaxed for 127.0.0.1 alone, since nobody has a certificate for it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise invalid(f"{name} must be an absolute https URL.") from None
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "127.0.0.1")):
        raise invalid(f"{name} must be an absolute https URL.")
    return url
