"""What the latest view costs: at first, and for a thousand new revisions after, whatever the history is."""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from statistics import median

from azure.storage.blob import ContainerClient

from bench.history import DAYS, END
from bench.report import Section, ratio_of
from bench.rounds import Series, take_turns
from bench.sample import Sample
from bench.stage import Stage
from local.azurite import Azurite
from local.simulator.entity_set import EntitySet
from local.simulator.history import Spread
from local.simulator.sources import SOURCES
from local.stack import TENANT
from shared import instants
from shared.export import checkpoint as checkpoints
from shared.export import names
from shared.export.checkpoint import LIVE, Checkpoint, Lane

_SOURCE = "alerts_v2"
_SIZE = 100_000
_FULL = 1_000_000
_MONTHS = 10
"""The large history is so many times as long as the small one, with as many alerts a month."""
_NEW = 1000
_ROUNDS = 3
_NO_GRAPH = "http://127.0.0.1:9"
"""The view asks Graph nothing."""


def latest(azurite: Azurite, *, full: bool) -> Section:
    """Goals: what is new costs the same after ten times the history, and 300 MiB are enough for all of it."""
    size = _FULL if full else _SIZE
    with ExitStack() as stack:
        small = stack.enter_context(_store(azurite, size // _MONTHS, 1))
        large = stack.enter_context(_store(azurite, size, _MONTHS))
        first = {store: store.publish(store.alerts) for store in (small, large)}
        after = take_turns({f"{store.alerts:,}": store.publish_news for store in (small, large)}, _ROUNDS)
    fast, slow = after.values()
    rows = [_row(f"all of {alerts}", Series([sample])) for alerts, sample in zip(after, first.values(), strict=True)]
    rows += [_row(f"{_NEW:,} new after {alerts}", series) for alerts, series in after.items()]
    peak = max(sample.peak_mib for sample in [*first.values(), *fast.samples, *slow.samples])
    text = f"{size // _MONTHS:,} alerts are a month, {size:,} are {_MONTHS}; the new revisions are of the last days."
    ratios = (
        ratio_of(slow.wall_s(), fast.wall_s(), f"latest view, {_NEW:,} new: {_MONTHS} times the history", at_most=1.3),
        ratio_of((peak, peak), (300, 300), "latest view: peak memory / 300 MiB", at_most=1),
    )
    return Section("Latest view", text, ("revisions", "seconds", "CPU s", "idle MiB", "peak MiB"), rows, ratios)


def _row(what: str, series: Series) -> list[str]:
    idle = median(sample.idle_mib for sample in series.samples)
    figures = (f"{series.wall_s()[0]:.2f}", f"{series.cpu_s()[0]:.2f}", f"{idle:.0f}", f"{series.peak_mib():.0f}")
    return [what, *figures]


@contextmanager
def _store(azurite: Azurite, alerts: int, months: int) -> "Iterator[_Store]":
    with Stage(azurite, _NO_GRAPH, "", alerts).containers() as run:
        yield _Store(azurite, run, alerts, months)


class _Store:
    """Blobs, manifests and a checkpoint as an export leaves them, a window a day, without waiting for a Graph."""

    def __init__(self, azurite: Azurite, run: str, alerts: int, months: int) -> None:
        self.alerts = alerts
        self._azurite = azurite
        self._run = run
        self._start = END - timedelta(days=DAYS * months)
        self._records = EntitySet(SOURCES[_SOURCE], TENANT, Spread.over(alerts, self._start, END, seed=1))
        start = instants.to_text(instants.from_datetime(self._start))
        self._checkpoint = Checkpoint(source=_SOURCE, tenant=TENANT, first_start=start, lanes={LIVE: Lane.beginning(0)})
        self._windows = 0
        for day in self._days(DAYS * months):
            self._write(day)

    def publish(self, revisions: int) -> Sample:
        """One run in a process of its own, which must merge so many."""
        return Stage(self._azurite, _NO_GRAPH, "", revisions).run_in(self._run, "latest")

    def publish_news(self) -> Sample:
        """The latest alerts change, each once; one run."""
        moment = instants.to_text(instants.from_datetime(END) + self._windows * instants.SECOND)
        newest = range(self.alerts - _NEW, self.alerts)
        for ordinal in newest:
            self._records.update(self._records.id_of(ordinal), moment)
        self._write([self._records.render(ordinal) for ordinal in newest])
        return self.publish(_NEW)

    def _days(self, count: int) -> Iterator[list[bytes]]:
        for day in range(count):
            ordinals = range(self.alerts * day // count, self.alerts * (day + 1) // count)
            yield [self._records.render(ordinal) for ordinal in ordinals]

    def _write(self, lines: list[bytes]) -> None:
        start = instants.from_datetime(self._start + timedelta(days=self._windows))
        self._windows += 1
        blob, manifest = names.window(_SOURCE, TENANT, start), names.manifest(_SOURCE, TENANT, start)
        after = self._checkpoint.with_manifest(manifest, {"blob": blob, "records": len(lines)}, len(lines))
        text = after.manifest.text if after.manifest else ""
        self._upload(self._run, blob, gzip.compress(b"".join(line + b"\n" for line in lines), 6))
        self._upload(f"{self._run}-state", manifest, text.encode())
        self._upload(f"{self._run}-state", names.checkpoint(_SOURCE, TENANT), checkpoints.encode(after))
        self._checkpoint = after

    def _upload(self, container: str, name: str, data: bytes) -> None:
        with ContainerClient.from_connection_string(self._azurite.connection_string, container) as client:
            client.upload_blob(name, data, overwrite=True)
