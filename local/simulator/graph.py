"""The simulated Graph: a request in, an answer out; no network, no clock of its own."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from local.simulator.conversation import Conversation, Post, agree, hold, place
from local.simulator.entity_set import EntitySet
from local.simulator.errors import Refusal, error_body
from local.simulator.faults import Faults, SourceFaults
from local.simulator.history import dice
from local.simulator.paths import read_path
from local.simulator.reads import Answered, Reads
from local.simulator.records.document import guid
from local.simulator.service_principals import Directory, ServicePrincipalsApi, names_service_principals
from local.simulator.sources import Source
from local.simulator.subscriptions.api import SubscriptionsApi, names_subscriptions
from local.simulator.subscriptions.notifier import Notifier
from local.simulator.tenant import Tenant
from local.simulator.throttle import Throttle
from local.simulator.tokens import DEFAULT_APP_ID, Tokens
from local.simulator.wire import Call, Request, Response
from local.simulator.writes import Writes


class Graph:
    """Microsoft Graph's security reads and writes, subscriptions and service principals for some tenants.

    Args:
        tenants: by tenant id; subscribers are told of changes in those that are there now.
        now: tells the time, aware; decides throttling and tokens' ends.
        base_url: what ``@odata.context`` and ``@odata.nextLink`` begin with.
        cache_pages: so many finished pages are kept; 0 keeps none.
        post: calls subscribers within ``answer`` and ``deliver``; without it, all of them agree to everything.
    """

    def __init__(
        self,
        *,
        tenants: Mapping[str, Tenant],
        now: Callable[[], datetime],
        base_url: str = "http://graph.test",
        cache_pages: int = 0,
        post: Post | None = None,
    ) -> None:
        self.tenants = tenants
        self.base_url = base_url
        self.faults = Faults()
        self.on_request: Callable[[Request], None] | None = None
        """Called before each answer: the place to change records between two pages."""
        self._now = now
        self._post = post or agree
        self.notifier = Notifier(self.faults, now)
        """The subscriptions, and what is to be delivered to whom."""
        for tenant in tenants.values():
            self.notifier.watch(tenant)
        self._subscriptions = SubscriptionsApi(self.notifier, self.faults, now, base_url)
        self.directory = Directory()
        """Service principals and their roles, of the one tenant that a test grants roles in."""
        self.service_principals = ServicePrincipalsApi(self.directory, now, base_url)
        self._tokens = Tokens()
        self._throttles: defaultdict[str, Throttle] = defaultdict(Throttle)
        self._reads = Reads(base_url, cache_pages)
        self._writes = Writes(self._reads, now)
        self._answered = 0

    def issue_token(self, tenant_id: str, roles: Collection[str] | None = None, *, app_id: str = DEFAULT_APP_ID) -> str:
        """A bearer token of a tenant's app; ``None`` grants all roles that the simulator knows."""
        return self._tokens.issue(tenant_id, roles, self._now(), app_id)

    def tenant_of(self, request: Request) -> str | None:
        """Whose token a request carries; None where it is none of ours."""
        try:
            return self._tokens.of(request.headers, self._now()).tenant_id
        except Refusal:
            return None

    def answer(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            ConnectionResetError: a fault resets the connection.
        """
        return hold(self.converse(request), self._post)

    def deliver(self) -> int:
        """Deliver the notifications that are due, one POST after the other, and return how many POSTs it took."""
        made = 0
        while due := self.notifier.due():
            for delivery in due:
                begun = self._now()
                answer = place(Call(delivery.url, delivery.HEADERS, delivery.body, delivery.timeout_s), self._post)
                seconds = (self._now() - begun).total_seconds()
                self.notifier.delivered(delivery, answer.status if answer else None, seconds)
            made += len(due)
        return made

    def converse(self, request: Request) -> Conversation[Response]:
        """Answer a request for somebody who makes Graph's own calls meanwhile.

        Raises:
            ConnectionResetError: a fault resets the connection.
        """
        if self.on_request:
            self.on_request(request)
        self._answered += 1
        request_id = guid(dice(0, self._answered), self._answered)
        client_request_id = request.headers.get("client-request-id", request_id)
        headers = {
            "Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8",
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        try:
            self.faults.of_tenant(self.tenant_of(request)).strike()
            if names_subscriptions(request.path):
                self.faults.subscriptions.strike()
                token = self._tokens.of(request.headers, self._now())
                status, more_headers, body = yield from self._subscriptions.answer(request, token)
            elif names_service_principals(request.path):
                token = self._tokens.of(request.headers, self._now())
                status, more_headers, body = self.service_principals.answer(request, token)
            else:
                status, more_headers, body = self._security(request)
        except Refusal as refusal:
            status, more_headers = refusal.status, refusal.headers
            body = error_body(refusal, now=self._now(), request_id=request_id, client_request_id=client_request_id)
        return Response(status, {**headers, **more_headers}, body)

    def _security(self, request: Request) -> Answered:
        target = read_path(request.path)
        source, record_id = target.source, target.record_id
        faults = self.faults[source.name]
        faults.strike()
        now = self._now()
        token = self._tokens.of(request.headers, now)
        if source.throttled:
            self._throttles[token.tenant_id].admit(now, self.faults.requests_per_minute)
        if request.method not in target.methods:
            allowed = {"Allow": ", ".join(target.methods)}
            raise Refusal(405, "notAllowed", f"{request.method} is not allowed here.", allowed)
        token.require(source, writing=request.method != "GET")
        records = self._records(token.tenant_id, source, faults)
        if request.method == "GET" or record_id is None:
            return self._reads.answer(request, record_id, records, faults)
        write = self._writes.comment if target.comments else self._writes.patch
        return write(request, record_id, records, faults, writer=token.app_id)

    def _records(self, tenant_id: str, source: Source, faults: SourceFaults) -> EntitySet:
        if faults.gone in {"404", "410"}:
            raise Refusal(int(faults.gone), "UnknownError", "The resource has been retired.")
        if faults.gone == "empty":
            return EntitySet(source, tenant_id)
        return self.tenants[tenant_id][source.name]
