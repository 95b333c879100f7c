"""Points in time at Graph's own resolution.

Graph sends UTC timestamps with up to seven fractional digits; ``datetime`` keeps six and would round a record
into a neighbouring window. So an ``Instant`` is an integer: units of 100 ns since 1970-01-01T00:00:00Z.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

type Instant = int

TICK: Instant = 1
"""The smallest step between two timestamps of Graph: 100 ns."""
MICROSECOND = 10
SECOND = 10_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_text(text: str) -> Instant:
    """Read Graph's form of a timestamp, such as ``2026-11-23T04:15:00.1234567Z``; digits past 100 ns are cut.

    Raises:
        ValueError: not a UTC timestamp.
    """
    if not text.endswith("Z") or text[19:20] not in ("Z", "."):
        raise ValueError(f"{text!r} is not a UTC timestamp in Graph's form")
    since = datetime.fromisoformat(text) - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    # fromisoformat reads six digits and skips the others.
    tick = int(text[26]) if len(text) > len("2026-11-23T04:15:00.123456Z") else 0
    return microseconds * MICROSECOND + tick


def to_text(instant: Instant) -> str:
    """Graph's form with seven digits, as used in ``$filter`` and in all JSON of the app."""
    seconds, ticks = divmod(instant, SECOND)
    return f"{_moment(seconds):%Y-%m-%dT%H:%M:%S}.{ticks:07d}Z"


def to_stamp(instant: Instant) -> str:
    """The form in blob names: ``20261123T041500.000000Z``. The instant must be a whole microsecond."""
    seconds, ticks = divmod(instant, SECOND)
    return f"{_moment(seconds):%Y%m%dT%H%M%S}.{ticks // MICROSECOND:06d}Z"


def from_datetime(moment: datetime) -> Instant:
    """The same point in time; a ``datetime`` is always a whole microsecond."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * MICROSECOND


def from_date(day: date) -> Instant:
    """Midnight UTC at which the day begins."""
    return (day - _EPOCH.date()).days * DAY


def to_date(instant: Instant) -> date:
    """The UTC day that the instant lies in."""
    return _moment(instant // SECOND).date()


def floor(instant: Instant, step: int) -> Instant:
    """The last multiple of ``step`` that is not after the instant."""
    return instant - instant % step


def midnights(start: Instant, end: Instant) -> Iterator[tuple[Instant, Instant]]:
    """``[start, end)`` cut at every midnight UTC, in order."""
    while start < end:
        upto = min(floor(start, DAY) + DAY, end)
        yield start, upto
        start = upto


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
