"""Answers to reads: a page of a list, or a record."""

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from local.simulator.entity_set import EntitySet
from local.simulator.errors import Refusal
from local.simulator.faults import WELL, SourceFaults
from local.simulator.listing import Listed, list_page
from local.simulator.page_cache import PageCache
from local.simulator.query import read_query, write_token
from local.simulator.sources import Source
from local.simulator.wire import Request

_SHOW_ALL_MEMBERS = "include-unknown-enum-members"

type Answered = tuple[int, Mapping[str, str], bytes]


class Reads:
    """Renders what was asked for.

    Args:
        base_url: what ``@odata.context`` and ``@odata.nextLink`` begin with.
        cache_pages: so many finished pages are kept; 0 keeps none.
    """

    def __init__(self, base_url: str, cache_pages: int) -> None:
        self._base_url = base_url
        self._cache = PageCache(cache_pages)

    def answer(self, request: Request, record_id: str | None, records: EntitySet, faults: SourceFaults) -> Answered:
        """Answer a request for a record, or for a page where none is named.

        Raises:
            Refusal: it cannot be served.
        """
        if record_id is None:
            answered: Answered = (200, {}, self._list(request, records, faults))
        else:
            answered = self.item(request, find(record_id, records, faults), records, faults)
        if not faults.partial:
            return answered
        _, headers, body = answered
        return 206, {**headers, "Warning": ", ".join(map(str, faults.partial))}, body

    def item(self, request: Request, ordinal: int, records: EntitySet, faults: SourceFaults) -> Answered:
        """A record that is there, with its ETag."""
        body = records.render(ordinal, known_only=_known_only(request))
        body = b"{%b,%b" % (self.context(records.source, "/$entity"), body[1:])
        return 200, {"ETag": records.etag(ordinal)}, finish(body, faults)

    def context(self, source: Source, suffix: str = "") -> bytes:
        """``"@odata.context":"…"``."""
        return f'"@odata.context":"{self._base_url}/v1.0/$metadata#security/{source.name}{suffix}"'.encode()

    def _list(self, request: Request, records: EntitySet, faults: SourceFaults) -> bytes:
        cached = self._cache.for_page(records, request) if faults == WELL else None
        if cached and cached.body:
            return cached.body
        query = read_query(request.query, records.source, records.parts, max_top=faults.max_top)
        page = list_page(records, query, faults)
        if faults.poison and any(records.id_of(ordinal) in faults.poison for ordinal in page.ordinals):
            raise faults.poisoned()
        body = self._page(request, records, page)
        if cached:
            cached.body = body
        return finish(body, faults)

    def _page(self, request: Request, records: EntitySet, page: Listed) -> bytes:
        head = [self.context(records.source)]
        if page.count is not None:
            head.append(b'"@odata.count":%d' % page.count)
        if page.next_offsets is not None:
            link = self._next_link(request, records.source, page.next_offsets)
            head.append(b'"@odata.nextLink":%b' % json.dumps(link).encode())
        known_only = _known_only(request)
        rows = b",".join([records.render(ordinal, known_only=known_only) for ordinal in page.ordinals])
        return b'{%b,"value":[%b]}' % (b",".join(head), rows)

    def _next_link(self, request: Request, source: Source, offsets: tuple[int, ...]) -> str:
        options = {name: value for name, value in request.query.items() if name != "$skip"}
        options["$skiptoken"] = write_token(offsets, source)
        return f"{self._base_url}{request.path}?{urlencode(options, safe='$', quote_via=quote)}"


def find(record_id: str, records: EntitySet, faults: SourceFaults) -> int:
    """The ordinal of a record that can be read and written.

    Raises:
        Refusal: 404, or what a poison record answers.
    """
    ordinal = records.find(record_id)
    if ordinal is None or faults.failed(records.product(ordinal)):
        raise Refusal(404, "itemNotFound", f"Resource '{record_id}' does not exist.")
    if record_id in faults.poison:
        raise faults.poisoned()
    return ordinal


def finish(body: bytes, faults: SourceFaults) -> bytes:
    """A body as it goes out."""
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode() if faults.pretty else body


def _known_only(request: Request) -> bool:
    return not request.prefers(_SHOW_ALL_MEMBERS)
