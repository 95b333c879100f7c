"""What subscribers are told: the payloads of change and lifecycle notifications."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from local.simulator.entity_set import EntitySet
from local.simulator.subscriptions.subscription import Subscription
from local.simulator.timestamps import text

type Kind = Literal["change", "lifecycle"]
type LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification: to whom, and what it says."""

    kind: Kind
    url: str
    key: str
    """The same for both copies of a doubled notification."""
    content: dict[str, Any]


def change_notice(subscription: Subscription, change: str, records: EntitySet, ordinal: int, number: int) -> Notice:
    """A basic notification, without the record's content."""
    record_id = records.id_of(ordinal)
    resource = f"security/{records.source.name}/{quote(record_id, safe='')}"
    notice_id = f"{number:012x}"
    content = {
        "id": notice_id,
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": text(subscription.expires),
        "clientState": subscription.wanted.client_state,
        "changeType": change,
        "resource": resource,
        "tenantId": subscription.tenant_id,
        "resourceData": {
            "@odata.type": subscription.wanted.scope.odata_type,
            "@odata.id": resource,
            "id": record_id,
        },
    }
    return Notice("change", subscription.notification_url, notice_id, content)


def lifecycle_notice(subscription: Subscription, event: LifecycleEvent, number: int) -> Notice | None:
    """A lifecycle notification; None if the subscription has no URL for it."""
    if subscription.wanted.lifecycle_url is None:
        return None
    content = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": text(subscription.expires),
        "tenantId": subscription.tenant_id,
        "clientState": subscription.wanted.client_state,
        "lifecycleEvent": event,
    }
    return Notice("lifecycle", subscription.wanted.lifecycle_url, f"{number:012x}", content)


def collection(notices: Iterable[Notice]) -> bytes:
    """The body of one POST."""
    return json.dumps({"value": [notice.content for notice in notices]}, ensure_ascii=False).encode()
