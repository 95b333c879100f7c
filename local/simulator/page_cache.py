"""Finished pages, kept so that a benchmark measures the client and not the simulator."""

from collections import OrderedDict
from dataclasses import dataclass

from local.simulator.entity_set import EntitySet
from local.simulator.wire import Request

type _Key = tuple[str, str, frozenset[tuple[str, str]], str]


@dataclass(slots=True)
class CachedPage:
    """A page of one version of its set; ``body`` is None until somebody made it."""

    version: int
    body: bytes | None = None


class PageCache:
    """The last ``size`` pages by tenant, path, query and Prefer; a page of a changed set counts as absent."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pages: OrderedDict[_Key, CachedPage] = OrderedDict()

    def for_page(self, records: EntitySet, request: Request) -> CachedPage | None:
        """The place of a page, filled or to be filled; None if nothing is kept."""
        if not self._size:
            return None
        prefer = request.headers.get("prefer", "")
        key = (records.tenant_id, request.path, frozenset(request.query.items()), prefer)
        page = self._pages.get(key)
        if page is None or page.version != records.version:
            page = self._pages[key] = CachedPage(records.version)
        self._pages.move_to_end(key)
        if len(self._pages) > self._size:
            self._pages.popitem(last=False)
        return page
