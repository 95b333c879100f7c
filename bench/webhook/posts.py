"""What Graph posts for a changed alert."""

import json
from typing import Final

from local.stack import TENANT

CLIENT_STATE: Final = "a-secret-as-long-as-those-that-the-app-asks-for"
HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}


def body(notifications: int = 1, client_state: str = CLIENT_STATE) -> bytes:
    """One POST with so many notifications."""
    return json.dumps({"value": [_notification(number, client_state) for number in range(notifications)]}).encode()


def _notification(number: int, client_state: str) -> dict[str, object]:
    alert = f"da{number:032d}_1"
    return {
        "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
        "subscriptionExpirationDateTime": "2026-03-20T11:00:00.0000000Z",
        "clientState": client_state,
        "changeType": "updated",
        "resource": f"security/alerts_v2('{alert}')",
        "tenantId": TENANT,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Security.Alert",
            "@odata.id": f"security/alerts_v2('{alert}')",
            "id": alert,
        },
    }
