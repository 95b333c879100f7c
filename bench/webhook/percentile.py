"""Percentiles by nearest rank: each is a value that was measured."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many percent do not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, no percentiles")
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]
