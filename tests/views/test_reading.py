"""What the report reads of the exported blobs, as the real export wrote them."""

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export import names
from shared.storage.azure_blobs import AzureBlobs, by_connection_string
from shared.storage.blobs import Blobs
from shared.views.history import read_history
from shared.views.reading import Exported
from tests.conftest import Storage
from tests.export.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import TENANT, InlineExecutor
from tests.views.test_alerts import revision

OTHER_TENANT = "99999999-8888-7777-6666-555555555555"
TODAY = date(2026, 11, 23)


class Tenant:
    """One tenant's alerts, scores and profiles after some days of export, in memory."""

    def __init__(self) -> None:
        self.alerts = World()
        self.scores = World("secureScores")
        self.profiles = World("secureScoreControlProfiles")
        self.scores.data = self.profiles.data = self.data = self.alerts.data
        self._of_alerts()
        self._of_scores()
        self._of_profiles()

    def _of_alerts(self) -> None:
        """Several windows; some alerts have changed since."""
        ids = [self.alerts.create(ago_s=hours * 3600) for hours in range(40)]
        self.alerts.run()
        for step in range(3):
            self.alerts.clock.advance(600)
            for id_ in ids[: 20 >> step]:
                self.alerts.update(id_)
            self.alerts.create()
            self.alerts.clock.advance(1)  # a window ends before the instant at which it is read
            self.alerts.run()

    def _of_scores(self) -> None:
        """Today's came first, and older ones later."""
        today = instants.floor(self.scores.now, instants.DAY)
        for ago in (0, 1, 3, 4):
            self.scores.records.create(instants.to_text(today - ago * instants.DAY))
        self.scores.run()

    def _of_profiles(self) -> None:
        """Two snapshots: a title has changed in between."""
        first = self.profiles.create()
        self.profiles.create()
        self.profiles.run()
        self.profiles.clock.advance(24 * 3600)
        self.profiles.records.amend(first, {"title": "Renamed"})
        self.profiles.run()


@pytest.fixture(scope="module")
def exported() -> Tenant:
    return Tenant()


@pytest.fixture(params=["memory", "azurite"])
def data(request: pytest.FixtureRequest, exported: Tenant) -> Iterator[Blobs]:
    """The exported blobs, in memory and on Azure Storage; another tenant's lie beside them."""
    if request.param == "memory":
        exported.data.put(f"secureScores/tenant={OTHER_TENANT}/date=2026-11-23/secureScore.json", b"{}")
        yield exported.data
        return
    storage: Storage = request.getfixturevalue("storage")
    with by_connection_string(storage.connection_string, storage.name("exported")) as client:
        client.create_container()
        blobs = AzureBlobs(client)
        for name in exported.data.names(""):
            blobs.put(name, b"".join(exported.data.chunks(name)))
        yield blobs


def reading(data: Blobs, tenant: str = TENANT, pool: Callable[[int], Executor] = ThreadPoolExecutor) -> Exported:
    """Without a latest view."""
    nothing = MemoryBlobs(FakeClock())
    return Exported(data, nothing, nothing, tenant, pool)


def test_alerts_are_as_graph_shows_them_now(data: Blobs, exported: Tenant) -> None:
    """Of every alert the newest revision, however many blobs hold older ones."""
    assert len(list(data.names(f"alerts_v2/tenant={TENANT}/"))) > 3
    latest = reading(data).alerts()
    assert {(id_, instants.to_text(alert.at)) for id_, alert in latest._alerts.items()} == {
        (id_, instants.to_text(instants.from_text(at))) for id_, at in exported.alerts.current()
    }
    assert {alert.status for alert in latest} == {"new", "inProgress", "resolved"}
    assert latest.unreadable == 0


def test_scores_come_in_the_order_of_days(data: Blobs) -> None:
    """Each with the day of its name, byte for byte as it lies."""
    days = [TODAY - timedelta(days=ago) for ago in (4, 3, 1, 0)]
    scores = list(reading(data).scores())
    assert [day for day, _ in scores] == days
    assert [raw for _, raw in scores] == [
        b"".join(data.chunks(names.snapshot("secureScores", TENANT, day))) for day in days
    ]
    assert [one.percent is not None for one in read_history(scores, TODAY).days] == [True, True, False, True, True]


def test_profiles_are_of_the_newest_snapshot(data: Blobs) -> None:
    """An older one has another title."""
    assert len(list(data.names(f"secureScoreControlProfiles/tenant={TENANT}/"))) == 2
    profiles = reading(data).profiles()
    assert len(profiles) == 2
    assert [profile.title for profile in profiles].count("Renamed") == 1


def test_nothing_kept(data: Blobs) -> None:
    """The first report of a tenant whose export has not begun."""
    nobody = reading(data, "00000000-0000-0000-0000-000000000000")
    assert (list(nobody.scores()), nobody.profiles(), list(nobody.alerts())) == ([], [], [])


class CountedBlobs(MemoryBlobs):
    """Knows how many blobs were begun, and how many are being read at once."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.begun = self.open = self.most_open = 0
        self._counting = threading.Lock()

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._counting:
            self.begun += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        yield from super().chunks(name)
        with self._counting:
            self.open -= 1


def test_many_days_are_read_in_batches() -> None:
    """Some at a time, by some threads, and never more than a batch ahead of who asks."""
    data = CountedBlobs()
    days = [TODAY - timedelta(days=ago) for ago in range(149, -1, -1)]
    for day in days:
        data.put(names.snapshot("secureScores", TENANT, day), json.dumps({"id": str(day)}).encode())
    threads: list[int] = []

    def pool(count: int) -> Executor:
        threads.append(count)
        return ThreadPoolExecutor(count)

    found, ahead = [], []
    for consumed, (day, raw) in enumerate(reading(data, pool=pool).scores()):
        ahead.append(data.begun - consumed)
        found.append(day)
        assert json.loads(raw) == {"id": str(day)}
    assert found == days
    assert max(ahead) <= 64
    assert threads == [8]
    assert data.most_open <= 8
    assert (data.begun, data.open) == (150, 0)


def test_who_stops_early_leaves_nothing_running() -> None:
    """A broken score ends the reading of the others."""
    data = CountedBlobs()
    for ago in range(150):
        data.put(names.snapshot("secureScores", TENANT, TODAY - timedelta(days=ago)), b"{}")
    scores = reading(data).scores()
    next(scores)
    scores.close()  # type: ignore[attr-defined]  # a generator
    assert data.begun <= 64
    assert data.open == 0


CUT_OFF = zlib.compress(revision() + b"\n", wbits=31)[:-9]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("alerts_v2/tenant={}/date=2026-11-22/20261122T000000.000000Z.ndjson.gz", b"this was never a gzip stream"),
        ("alerts_v2/tenant={}/date=2026-11-22/20261122T000000.000000Z.ndjson.gz", CUT_OFF),
        ("alerts_v2/tenant={}/date=2026-11-22/20261122T000000.000000Z.ndjson.gz", b""),
        ("secureScoreControlProfiles/tenant={}/date=2026-11-22/profiles.ndjson.gz", b"this was never a gzip stream"),
        ("secureScores/tenant={}/date=yesterday/secureScore.json", b"{}"),
        ("secureScores/tenant={}/secureScore.json", b"{}"),
    ],
    ids=["no gzip", "cut off", "empty", "no snapshot", "no date", "no day"],
)
def test_a_blob_that_is_not_what_its_name_says(name: str, content: bytes) -> None:
    """It is named in the error; a report without it would hide what it held."""
    data = MemoryBlobs(FakeClock())
    broken = name.format(TENANT)
    data.put(broken, content)
    exported = reading(data, pool=lambda _: InlineExecutor())
    with pytest.raises(DataNotUnderstood, match=broken.replace(".", r"\.")):
        list(exported.scores() if "Scores/" in name else exported.profiles() if "Pro" in name else exported.alerts())
