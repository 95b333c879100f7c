"""What the report is made of, read from the exported blobs and the latest view: a few at a time, and none twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from itertools import batched

from shared.errors import DataNotUnderstood
from shared.export import names
from shared.export.window_blob import lines
from shared.graph.secure_score import SecureScoreControlProfile, read_profile
from shared.graph.sources import CONTROL_PROFILES, SECURE_SCORES
from shared.storage.blobs import Blobs
from shared.views import latest_reading
from shared.views.alerts import ALERTS, COLUMNS, Latest

_AT_ONCE = 8
"""Blobs that are read at the same time: a request takes milliseconds, most of which is waiting."""
_BATCH = 64
"""Blobs whose content is held at the same time."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported of one tenant, as the report reads it."""

    data: Blobs
    """EXPORT_CONTAINER."""
    state: Blobs
    """STATE_CONTAINER."""
    views: Blobs
    """VIEWS_CONTAINER."""
    tenant: str
    pool: Callable[[int], Executor]
    """Makes an executor of so many threads."""

    def scores(self) -> Iterator[tuple[date, bytes]]:
        """Every kept secure score with its day, in order."""
        for name, content in self._each(self._names(SECURE_SCORES.name), self._whole):
            yield _day(name), content

    def profiles(self) -> Sequence[SecureScoreControlProfile]:
        """The control profiles of the newest snapshot; none where nothing was kept yet."""
        newest = max(self._names(CONTROL_PROFILES.name), default=None)
        if newest is None:
            return []
        found = (read_profile(line) for line in lines(self.data.chunks(newest), newest))
        return [profile for profile in found if profile is not None]

    def alerts(self) -> Latest:
        """The newest revision of each alert, from the latest view where there is one, and all blobs where not."""
        latest = Latest()
        view = latest_reading.find(self.data, self.state, self.views, ALERTS.name, self.tenant)
        for name in view.files if view else ():
            latest.take_rows(latest_reading.rows(self.views, name, COLUMNS))
        for _, of_blob in self._each(view.unmerged if view else self._names(ALERTS.name), self._latest_in):
            latest.merge(of_blob)
        return latest

    def _names(self, source: str) -> Iterable[str]:
        return self.data.names(names.of_source(source, self.tenant))

    def _each[T](self, names: Iterable[str], read: Callable[[str], T]) -> Iterator[tuple[str, T]]:
        """Each of these blobs, read by some threads, in the order of names."""
        with self.pool(_AT_ONCE) as pool:
            for batch in batched(names, _BATCH, strict=False):
                yield from zip(batch, pool.map(read, batch), strict=True)

    def _whole(self, name: str) -> bytes:
        return b"".join(self.data.chunks(name))

    def _latest_in(self, name: str) -> Latest:
        latest = Latest()
        latest.take(lines(self.data.chunks(name), name))
        return latest


def _day(name: str) -> date:
    """The day in a blob's name."""
    try:
        return date.fromisoformat(name.partition("/date=")[2][:10])
    except ValueError as error:
        raise DataNotUnderstood(f"The blob {name} lies where a day's score belongs. Move it away.") from error
