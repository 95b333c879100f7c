"""Moments as integers: ticks of 100 ns since 1970-01-01 UTC.

Graph's timestamps have up to seven digits after the second, one more than ``datetime`` can hold.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_MINUTES = [f":{second // 60:02}:{second % 60:02}" for second in range(3600)]
_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)")

type Moment = datetime | str | int
"""What callers may give: an aware datetime, ISO text with up to seven digits, or ticks."""


def ticks(moment: Moment) -> int:
    """Read a moment.

    Raises:
        ValueError: a naive datetime, or a text that is no timestamp.
    """
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        return parse(moment)
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND * 10


def parse(text: str) -> int:
    """Read a timestamp as ``$filter`` and JSON have it.

    Raises:
        ValueError: it is none.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no timestamp")
    second, fraction, zone = match.groups()
    return ticks(datetime.fromisoformat(second + zone)) + int((fraction or "").ljust(7, "0"))


def text(moment: int) -> str:
    """Write ticks with all seven digits: ``2026-11-23T04:15:00.0000001Z``."""
    second, fraction = divmod(moment, TICKS_PER_SECOND)
    hour, second = divmod(second, 3600)
    return f"{_hour(hour)}{_MINUTES[second]}.{fraction:07}Z"


def short_text(moment: int) -> str:
    """Write ticks without the fraction's trailing zeros, as secure scores have it."""
    return f"{text(moment)[:-1].rstrip('0').rstrip('.')}Z"


def day_text(moment: int) -> str:
    """The UTC day: ``2026-11-23``."""
    return _day(moment // TICKS_PER_DAY)


@lru_cache(maxsize=4096)
def _hour(hours: int) -> str:
    return f"{_day(hours // 24)}T{hours % 24:02}"


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    return date.fromordinal(_EPOCH_DAY + days).isoformat()
