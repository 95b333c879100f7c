"""``$filter``: comparisons joined by ``and``, on the fields that Graph documents."""

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.simulator.errors import invalid_query
from local.simulator.sources import Source
from local.simulator.timeline import ALWAYS, Window
from local.simulator.timestamps import parse

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[^\s']+)\s*")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """``field operator value``; a time's value is ticks."""

    field: str
    operator: str
    value: str | int

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether a record meets it; null meets none."""
        found: Any = record
        for name in self.field.split("/"):
            found = found.get(name) if found else None
        if found is None:
            return False
        return _COMPARISONS[self.operator](parse(found) if isinstance(self.value, int) else found, self.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, sorted by what answers it."""

    window: Window = ALWAYS
    """On the cursor: answered by bisection."""
    providers: tuple[str, ...] = ()
    """On ``vendorInformation/provider``: decides whom a federated list asks."""
    others: tuple[Condition, ...] = ()
    """Tested record by record."""

    def keeps(self, body: bytes) -> bool:
        """Whether a record meets the other conditions."""
        record = json.loads(body)
        return all(condition.holds(record) for condition in self.others)


def read_filter(text: str | None, source: Source) -> Filter:
    """Read ``$filter``.

    Raises:
        Refusal: 400, for whatever this grammar or the source's documented fields do not have.
    """
    if text is None:
        return Filter()
    window, providers, others = ALWAYS, [], []
    for condition in _conditions(text, source):
        match condition:
            case Condition(source.cursor, comparison, int(moment)):
                window = _narrowed(window, comparison, moment)
            case Condition("vendorInformation/provider", "eq", str(provider)):
                providers.append(provider)
            case _:
                others.append(condition)
    return Filter(window, tuple(providers), tuple(others))


def _narrowed(window: Window, comparison: str, moment: int) -> Window:
    """What is left of a window of ticks."""
    low = {"eq": moment, "ge": moment, "gt": moment + 1}.get(comparison, window.low)
    high = {"eq": moment + 1, "le": moment + 1, "lt": moment}.get(comparison, window.high)
    return Window(max(window.low, low), min(window.high, high))


def _conditions(text: str, source: Source) -> list[Condition]:
    tokens = _TOKEN.findall(text)
    if _TOKEN.sub("", text) or len(tokens) % 4 != 3 or any(word != "and" for word in tokens[3::4]):
        raise invalid_query(f"Syntax error in '$filter={text}'.")
    return [_condition(source, *words) for words in zip(tokens[0::4], tokens[1::4], tokens[2::4], strict=True)]


def _condition(source: Source, field: str, comparison: str, literal: str) -> Condition:
    kind = source.filters.get(field)
    if kind is None:
        raise invalid_query(f"Could not find a filterable property named '{field}'.")
    if comparison not in _COMPARISONS:
        raise invalid_query(f"The operator '{comparison}' is not supported on '{field}'.")
    if kind == "text":
        if not literal.startswith("'"):
            raise invalid_query(f"'{field}' wants a text in quotes, not {literal}.")
        return Condition(field, comparison, literal[1:-1].replace("''", "'"))
    try:
        return Condition(field, comparison, parse(literal))
    except ValueError:
        raise invalid_query(f"'{field}' wants a timestamp, not {literal}.") from None
