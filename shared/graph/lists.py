"""The pages of one source and tenant, over HTTP."""

from urllib.parse import quote

from shared import instants
from shared.graph.client import Call, GraphClient, Tally
from shared.graph.pages import Page, PageReader
from shared.graph.sources import Source
from shared.instants import Instant


class GraphList:
    """Graph's list of one source and tenant; counts in ``tally`` what it asks, and waits no later than ``until``.

    One that is ``unhurried`` takes but half of the tenant's requests.
    """

    def __init__(
        self, client: GraphClient, tenant: str, source: Source, tally: Tally, until: float, *, unhurried: bool = False
    ) -> None:
        self._client = client
        self._tenant = tenant
        self._source = source
        self._tally = tally
        self._until = until
        self._unhurried = unhurried
        self._reader = PageReader(source)
        self.page_size = source.page_size or 0

    def between(self, start: Instant, end: Instant, top: int, *, patient: bool) -> Page:
        """The first page of ``[start, end)``, ascending by the cursor."""
        cursor = self._source.cursor
        lower, upper = instants.to_text(start), instants.to_text(end)
        query = f"$filter={cursor} ge {lower} and {cursor} lt {upper}&$orderby={cursor} asc&$top={top}"
        return self._get(self._url(query), patient=patient)

    def first(self) -> Page:
        """The first page of the whole list, in Graph's own order."""
        return self._get(self._url(f"$top={self.page_size}" if self.page_size else ""), patient=True)

    def follow(self, next_link: str) -> Page:
        """The page that Graph named."""
        return self._get(next_link, patient=True)

    def _url(self, query: str) -> str:
        url = f"{self._client.base_url}{self._source.path}"
        return f"{url}?{quote(query, safe='$=&:')}" if query else url

    def _get(self, url: str, *, patient: bool) -> Page:
        tries = {} if patient else {"fault_tries": 1}
        call = Call("GET", url, self._source.path, self._source.permission)
        answer = self._client.send(
            self._tenant, call, tally=self._tally, until=self._until, unhurried=self._unhurried, **tries
        )
        self._tally.pages += 1
        return self._reader.page(answer.status, answer.headers, answer.body)
