"""One page of a list: which records it holds, and whether there is more."""

import heapq
from dataclasses import dataclass

from local.simulator.entity_set import EntitySet
from local.simulator.faults import SourceFaults
from local.simulator.query import Query
from local.simulator.timeline import Place


@dataclass(frozen=True, slots=True)
class Listed:
    """The ordinals of a page, and where the next one begins."""

    ordinals: tuple[int, ...]
    next_offsets: tuple[int, ...] | None
    count: int | None = None


def list_page(records: EntitySet, query: Query, faults: SourceFaults) -> Listed:
    """Choose the records of a page.

    A federated source asks each provider for its own top and merges the answers, so a page may hold
    providers times ``$top`` records ("returns the aggregated top results from each provider", List alerts).
    """
    offsets = query.position.offsets
    if faults.empty_first_page and query.position.first:
        return Listed((), offsets)
    descending = query.descending or faults.unordered
    shown: list[list[Place]] = []
    next_offsets: list[int] = []
    more = False
    for part, offset in enumerate(offsets):
        places = _places(records, part, query, faults, offset=offset, limit=query.top + 1, descending=descending)
        more = more or (len(places) > query.top > 0)
        next_offsets.append(offset + len(places[: query.top]))
        shown.append(places[: query.top])
    if faults.repeat_last_page and not query.position.first:
        shown += [
            _places(records, part, query, faults, offset=before, limit=offset - before, descending=descending)
            for part, offset in enumerate(offsets)
            if (before := max(0, offset - query.top)) < offset
        ]
    merged = shown[0] if len(shown) == 1 else heapq.merge(*shown, reverse=descending)
    return Listed(
        ordinals=tuple(ordinal for _, ordinal in merged),
        next_offsets=tuple(next_offsets) if more and not faults.no_next_link else None,
        count=_count(records, query, faults) if query.count else None,
    )


def _places(
    records: EntitySet,
    part: int,
    query: Query,
    faults: SourceFaults,
    *,
    offset: int,
    limit: int,
    descending: bool,
) -> list[Place]:
    """One provider's share of a page."""
    if not _is_asked(records, part, query, faults):
        return []

    def keep(place: Place) -> bool:
        failed = faults.partial and faults.failed(records.product(place[1]))
        return not failed and (not query.filter.others or query.filter.keeps(records.render(place[1])))

    scans = bool(query.filter.others or (faults.partial and not records.source.federated))
    return records.places(
        part,
        query.filter.window,
        offset=offset,
        limit=limit,
        descending=descending,
        keep=keep if scans else None,
    )


def _is_asked(records: EntitySet, part: int, query: Query, faults: SourceFaults) -> bool:
    """Whether a federated list gets an answer from a provider: it is meant by the filter, and it is well."""
    if not records.source.federated:
        return True
    product = records.source.products[part]
    meant = all(product.filter_keyword and product.provider == name for name in query.filter.providers)
    return meant and not faults.failed(product)


def _count(records: EntitySet, query: Query, faults: SourceFaults) -> int:
    return sum(
        len(
            _places(
                records, part, query, faults, offset=0, limit=records.count(part, query.filter.window), descending=False
            )
        )
        for part in range(records.parts)
    )
