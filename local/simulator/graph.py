"""The simulated Graph: a request in, an answer out; no network, no clock of its own."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from urllib.parse import quote, unquote, urlencode

from local.simulator.conversation import Conversation, Post, agree, hold, place
from local.simulator.entity_set import EntitySet
from local.simulator.errors import Refusal, error_body
from local.simulator.faults import WELL, Faults, SourceFaults
from local.simulator.history import dice
from local.simulator.listing import Listed, list_page
from local.simulator.page_cache import PageCache
from local.simulator.query import read_query, write_token
from local.simulator.records.document import guid
from local.simulator.service_principals import Directory, ServicePrincipalsApi, names_service_principals
from local.simulator.sources import SOURCES, Source
from local.simulator.subscriptions.api import SubscriptionsApi, names_subscriptions
from local.simulator.subscriptions.notifier import Notifier
from local.simulator.tenant import Tenant
from local.simulator.throttle import Throttle
from local.simulator.tokens import DEFAULT_APP_ID, Tokens
from local.simulator.wire import Call, Request, Response

_ROOT = "/v1.0/security/"
_SHOW_ALL_MEMBERS = "include-unknown-enum-members"


class Graph:
    """Microsoft Graph's security reads, subscriptions and service principals for some tenants.

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
        self._cache = PageCache(cache_pages)
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
                status, more_headers, body = self._read(request)
        except Refusal as refusal:
            status, more_headers = refusal.status, refusal.headers
            body = error_body(refusal, now=self._now(), request_id=request_id, client_request_id=client_request_id)
        return Response(status, {**headers, **more_headers}, body)

    def _read(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        source, record_id = route(request.path)
        faults = self.faults[source.name]
        faults.strike()
        now = self._now()
        token = self._tokens.of(request.headers, now)
        if source.throttled:
            self._throttles[token.tenant_id].admit(now, self.faults.requests_per_minute)
        if request.method != "GET":
            raise Refusal(405, "notAllowed", f"{request.method} is not allowed here.", {"Allow": "GET"})
        token.require(source)
        records = self._records(token.tenant_id, source, faults)
        known_only = _SHOW_ALL_MEMBERS not in request.headers.get("prefer", "")
        if record_id is None:
            body = self._list(request, records, faults, known_only=known_only)
        else:
            body = self._item(record_id, records, faults, known_only=known_only)
        if faults.partial:
            return 206, {"Warning": ", ".join(map(str, faults.partial))}, body
        return 200, {}, body

    def _records(self, tenant_id: str, source: Source, faults: SourceFaults) -> EntitySet:
        if faults.gone in {"404", "410"}:
            raise Refusal(int(faults.gone), "UnknownError", "The resource has been retired.")
        if faults.gone == "empty":
            return EntitySet(source, tenant_id)
        return self.tenants[tenant_id][source.name]

    def _item(self, record_id: str, records: EntitySet, faults: SourceFaults, *, known_only: bool) -> bytes:
        ordinal = records.find(record_id)
        if ordinal is None or faults.failed(records.product(ordinal)):
            raise Refusal(404, "itemNotFound", f"Resource '{record_id}' does not exist.")
        if record_id in faults.poison:
            raise faults.poisoned()
        body = records.render(ordinal, known_only=known_only)
        return _finish(b"{%b," % self._context(records.source, "/$entity") + body[1:], faults)

    def _list(self, request: Request, records: EntitySet, faults: SourceFaults, *, known_only: bool) -> bytes:
        cached = self._cache.for_page(records, request) if faults == WELL else None
        if cached and cached.body:
            return cached.body
        query = read_query(request.query, records.source, records.parts, max_top=faults.max_top)
        page = list_page(records, query, faults)
        if faults.poison and any(records.id_of(ordinal) in faults.poison for ordinal in page.ordinals):
            raise faults.poisoned()
        body = self._page(request, records, page, known_only=known_only)
        if cached:
            cached.body = body
        return _finish(body, faults)

    def _page(self, request: Request, records: EntitySet, page: Listed, *, known_only: bool) -> bytes:
        head = [self._context(records.source)]
        if page.count is not None:
            head.append(b'"@odata.count":%d' % page.count)
        if page.next_offsets is not None:
            link = self._next_link(request, records.source, page.next_offsets)
            head.append(b'"@odata.nextLink":%b' % json.dumps(link).encode())
        rows = b",".join([records.render(ordinal, known_only=known_only) for ordinal in page.ordinals])
        return b'{%b,"value":[%b]}' % (b",".join(head), rows)

    def _context(self, source: Source, suffix: str = "") -> bytes:
        return f'"@odata.context":"{self.base_url}/v1.0/$metadata#security/{source.name}{suffix}"'.encode()

    def _next_link(self, request: Request, source: Source, offsets: tuple[int, ...]) -> str:
        options = {name: value for name, value in request.query.items() if name != "$skip"}
        options["$skiptoken"] = write_token(offsets, source)
        return f"{self.base_url}{request.path}?{urlencode(options, safe='$', quote_via=quote)}"


def route(path: str) -> tuple[Source, str | None]:
    """The entity set and the record id, if any, that a path names.

    Raises:
        Refusal: 400, the answer that Graph has for a segment that it does not know.
    """
    name, *rest = path.removeprefix(_ROOT).split("/") if path.startswith(_ROOT) else [path]
    source = SOURCES.get(name)
    if source is None or len(rest) > 1 or rest == [""]:
        unknown = name if source is None else "/".join(rest)
        raise Refusal(400, "BadRequest", f"Resource not found for the segment '{unknown}'.")
    return source, unquote(rest[0]) if rest else None


def _finish(body: bytes, faults: SourceFaults) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode() if faults.pretty else body
