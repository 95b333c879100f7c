"""Graph's /subscriptions, in values."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.client import Call, GraphClient, Tally
from shared.instants import Instant
from shared.subscriptions.plan import Actual, Endpoint, Wanted, expiry

# Named for alerts by "Create subscription"; nothing is documented for other security resources.
_PERMISSION = "SecurityEvents.ReadWrite.All (or the resource's own)"
_PATH = "/v1.0/subscriptions"


class _Listed(msgspec.Struct, rename="camel"):
    id: str
    resource: str
    change_type: str
    notification_url: str
    expiration_date_time: str

    def actual(self) -> Actual:
        return Actual(
            self.id,
            self.resource,
            self.change_type,
            self.notification_url,
            instants.from_text(self.expiration_date_time),
        )


class _Page(msgspec.Struct):
    value: list[_Listed]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class GraphSubscriptions:
    """The subscriptions of the app in one tenant. Every method raises what ``GraphClient.send`` raises."""

    def __init__(self, client: GraphClient, tenant: str, until: float) -> None:
        """``until`` is the monotonic second that no wait may pass."""
        self._client = client
        self._tenant = tenant
        self._until = until

    def all(self) -> Iterator[Actual]:
        """All that Graph lists."""
        url: str | None = f"{self._client.base_url}{_PATH}"
        while url:
            page = self._decoded(self._send("GET", url), _Page)
            yield from (listed.actual() for listed in page.value)
            url = page.next_link

    def create(self, wanted: Wanted, endpoint: Endpoint, client_state: str, now: Instant) -> Actual:
        """Make one. Graph asks the endpoint for validation before it answers."""
        body = {
            "changeType": wanted.change_type,
            "resource": wanted.resource,
            "notificationUrl": endpoint.notification_url,
            "lifecycleNotificationUrl": endpoint.lifecycle_url,
            "clientState": client_state,
            "expirationDateTime": expiry(now),
        }
        # Once: a try whose answer was lost may have made it, and the next would be told that it exists.
        answer = self._send("POST", f"{self._client.base_url}{_PATH}", body, tries=1)
        return self._decoded(answer, _Listed).actual()

    def renew(self, subscription: str, now: Instant, *, notification_url: str | None = None) -> Actual:
        """Give it its whole life again, which reauthorizes it, too (Lifecycle notifications); tell it another URL."""
        body = {"expirationDateTime": expiry(now)}
        if notification_url is not None:
            body["notificationUrl"] = notification_url
        return self._decoded(self._send("PATCH", self._url(subscription), body), _Listed).actual()

    def delete(self, subscription: str) -> None:
        """Remove it."""
        self._send("DELETE", self._url(subscription))

    def _url(self, subscription: str) -> str:
        return f"{self._client.base_url}{_PATH}/{quote(subscription, safe='')}"

    def _send(self, method: str, url: str, body: dict[str, Any] | None = None, tries: int = 3) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        call = Call(method, url, _PATH, _PERMISSION, data)
        return self._client.send(self._tenant, call, tally=Tally(), until=self._until, fault_tries=tries).body

    def _decoded[T](self, body: bytes, form: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=form)
        except msgspec.DecodeError as error:
            raise DataNotUnderstood(
                f"tenant {self._tenant}: Graph's answer to {_PATH} has no known form ({error})"
            ) from error
