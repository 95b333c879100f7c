"""``/v1.0/subscriptions``: what an app may ask for its subscriptions."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from local.simulator.conversation import Conversation
from local.simulator.errors import Refusal, invalid_query
from local.simulator.faults import Faults
from local.simulator.subscriptions.handshake import refuse, validate
from local.simulator.subscriptions.notifier import Notifier
from local.simulator.subscriptions.proposal import read_proposal, read_update
from local.simulator.subscriptions.subscription import Subscription
from local.simulator.throttle import Throttle
from local.simulator.timestamps import ticks
from local.simulator.tokens import Token
from local.simulator.wire import Request

ROOT: Final = "/v1.0/subscriptions"

_WINDOW: Final = timedelta(seconds=20)
_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "list": (25, 40),
    "read": (500, 2000),
    "write": (500, 2000),
    "reauthorize": (1000, 4000),
}
"""Requests in 20 s: per app and tenant, and per app over all tenants (Graph's throttling limits)."""

type Answered = tuple[int, Mapping[str, str], bytes]


def names_subscriptions(path: str) -> bool:
    """Whether a path is answered here."""
    return path == ROOT or path.startswith(f"{ROOT}/")


class SubscriptionsApi:
    """Answers requests.

    Args:
        notifier: whose subscriptions they are.
        faults: the switches.
        now: tells the time, aware.
        base_url: what ``@odata.context`` and ``@odata.nextLink`` begin with.
    """

    def __init__(self, notifier: Notifier, faults: Faults, now: Callable[[], datetime], base_url: str) -> None:
        self._notifier = notifier
        self._register = notifier.register
        self._faults = faults
        self._now = now
        self._base_url = base_url
        self._throttles: defaultdict[tuple[str, ...], Throttle] = defaultdict(lambda: Throttle(_WINDOW))

    def answer(self, request: Request, token: Token) -> Conversation[Answered]:
        """Answer a request.

        Raises:
            Refusal: it cannot be served.
        """
        self._register.expire(self._ticks())
        match request.method, _segments(request.path):
            case "GET", ():
                self._admit("list", token)
                return self._list(request, token)
            case "POST", ():
                self._admit("write", token)
                return (yield from self._create(request, token))
            case "GET", (subscription_id,):
                self._admit("read", token)
                return _answered(200, self._entity(self._register.find(subscription_id, token)))
            case "PATCH", (subscription_id,):
                self._admit("write", token)
                return (yield from self._update(self._register.find(subscription_id, token), request, token))
            case "DELETE", (subscription_id,):
                self._admit("write", token)
                self._register.remove(self._register.find(subscription_id, token).id)
                return 204, {}, b""
            case "POST", (subscription_id, "reauthorize"):
                self._admit("reauthorize", token)
                return self._reauthorize(self._register.find(subscription_id, token), token)
            case method, () | (_,) | (_, "reauthorize"):
                raise Refusal(405, "notAllowed", f"{method} is not allowed here.")
            case _, segments:
                raise Refusal(400, "BadRequest", f"Resource not found for the segment '{segments[-1]}'.")

    def _create(self, request: Request, token: Token) -> Conversation[Answered]:
        now = self._ticks()
        wanted = read_proposal(request.body, now, self._faults.subscriptions)
        _require(token, wanted.scope.roles, "Create")
        quota = self._faults.subscriptions.quota
        self._register.admit(wanted, token, quota)
        subscription = Subscription(
            id=self._register.new_id(),
            tenant_id=token.tenant_id,
            app_id=token.app_id,
            wanted=wanted,
            notification_url=wanted.notification_url,
            created=now,
        )
        subscription.live_until(wanted.expires, now)
        yield from self._validate(wanted.notification_url, subscription)
        if wanted.lifecycle_url is not None:
            yield from self._validate(wanted.lifecycle_url, subscription)
        # While the endpoint was asked, others may have come.
        self._register.admit(wanted, token, quota)
        self._register.add(subscription)
        self._notifier.news()
        return _answered(201, self._entity(subscription, secret=True))

    def _update(self, subscription: Subscription, request: Request, token: Token) -> Conversation[Answered]:
        _require(token, subscription.wanted.scope.roles, "Update")
        update = read_update(request.body, self._ticks())
        if update.notification_url is not None:
            yield from self._validate(update.notification_url, subscription)
            self._register.find(subscription.id, token)  # it may have gone meanwhile
            subscription.notification_url = update.notification_url
        now = self._ticks()
        if update.expires is not None:
            subscription.live_until(update.expires, now)
        subscription.patched(now)
        self._notifier.news()
        return _answered(200, self._entity(subscription))

    def _reauthorize(self, subscription: Subscription, token: Token) -> Answered:
        _require(token, subscription.wanted.scope.roles, "Reauthorize")
        subscription.reauthorized(self._ticks())
        return 204, {}, b""

    def _list(self, request: Request, token: Token) -> Answered:
        if unknown := request.query.keys() - {"$skiptoken"}:
            raise invalid_query(f"The query parameter '{min(unknown)}' is not supported.")
        skipped = request.query.get("$skiptoken", "0")
        if not (skipped.isascii() and skipped.isdecimal()):
            raise invalid_query("The value of query option '$skiptoken' is invalid.")
        own, first = self._register.of(token), int(skipped)
        end = first + (self._faults.subscriptions.page_size or len(own))
        page: dict[str, Any] = {"@odata.context": self._context()}
        if end < len(own):
            page["@odata.nextLink"] = f"{self._base_url}{ROOT}?$skiptoken={end}"
        return _answered(200, page | {"value": [each.document() for each in own[first:end]]})

    def _validate(self, url: str, subscription: Subscription) -> Conversation[None]:
        if self._faults.subscriptions.refuse_validation:
            raise refuse()
        yield from validate(url, subscription.id, self._now)

    def _admit(self, operation: str, token: Token) -> None:
        if self._faults.subscriptions.throttled:
            of_tenant, of_app = _LIMITS[operation]
            self._throttles[operation, token.app_id, token.tenant_id].admit(self._now(), of_tenant)
            self._throttles[operation, token.app_id].admit(self._now(), of_app)

    def _entity(self, subscription: Subscription, *, secret: bool = False) -> dict[str, Any]:
        return {"@odata.context": self._context("/$entity"), **subscription.document(secret=secret)}

    def _context(self, suffix: str = "") -> str:
        return f"{self._base_url}/v1.0/$metadata#subscriptions{suffix}"

    def _ticks(self) -> int:
        return ticks(self._now())


def _segments(path: str) -> tuple[str, ...]:
    """What a path names below the root."""
    return tuple(path.removeprefix(ROOT).split("/")[1:])


def _require(token: Token, roles: frozenset[str], operation: str) -> None:
    if token.roles.isdisjoint(roles):
        raise Refusal(
            403, "ExtensionError", f"Operation: {operation}; Exception: [Status Code: Forbidden; Reason: Forbidden]"
        )


def _answered(status: int, body: dict[str, Any]) -> Answered:
    return status, {}, json.dumps(body, ensure_ascii=False).encode()
