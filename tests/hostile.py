"""JSON as nobody should send it: anything in any place, nulls, half surrogate pairs, numbers that no float holds."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

type Values = st.SearchStrategy[Any]

_OVERFLOW = "1e999: more than a float holds"

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "", _OVERFLOW, 10**400, -1, -0.0, 1e308, 5e-324, float("nan"), float("-inf")])
)

ANYTHING: Values = st.recursive(_LEAVES, lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=5)


def shaped(fields: Mapping[str, Values]) -> Values:
    """An object with some of these members, any of which may hold anything instead."""
    return st.fixed_dictionaries({}, optional={name: values | ANYTHING for name, values in fields.items()})


def as_json(value: Any) -> bytes:
    """The value as it may come over the wire: ASCII, ``NaN`` and ``1e999`` included."""
    return json.dumps(value).replace(json.dumps(_OVERFLOW), "1e999").encode()
