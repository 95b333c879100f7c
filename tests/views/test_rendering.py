"""Reports of all tenants: where they lie, whose come first, and what one that is broken does to the others."""

import logging
import re
import zlib
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from azure.core.exceptions import HttpResponseError

from shared.views import names
from shared.views.rendering import Rendering
from tests.export.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.simulated import TENANT, InlineExecutor
from tests.test_emitted import Told

SECOND, THIRD = "22222222-2222-3333-4444-555555555555", "33333333-2222-3333-4444-555555555555"
TENANTS = (TENANT, SECOND, THIRD)
TODAY = date(2026, 11, 23)
ALL = ("alerts_v2", "secureScores", "secureScoreControlProfiles")


class Reports:
    """What reports are made from; a second passes with each blob that is written."""

    def __init__(self, sources: Sequence[str] = ALL) -> None:
        self.clock = FakeClock()
        self.read: list[str] = []
        self.written: list[str] = []
        self.data = MemoryBlobs(self.clock, before=lambda _, name: self.read.append(name))
        self.state = MemoryBlobs(self.clock)
        self.views = MemoryBlobs(self.clock, after=self._after)
        self._sources = sources

    def _after(self, operation: str, name: str) -> None:
        if operation == "put":
            self.written.append(name)
            self.clock.advance(1)

    def render(self, tenants: Sequence[str] = TENANTS, seconds: float = 3600) -> list[str]:
        """Render, and tell whose reports were written, in order."""
        self.written.clear()
        rendering = Rendering(
            data=self.data,
            state=self.state,
            views=self.views,
            sources=self._sources,
            clock=self.clock,
            pool=lambda _: InlineExecutor(),
        )
        rendering.all_tenants(tenants, seconds)
        return [tenant for name in self.written for tenant in TENANTS if name == names.latest_report(tenant)]

    def page(self, name: str) -> bytes:
        """A page as it lies."""
        stored = self.views.read(name)
        assert stored
        return stored.data


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    return Told(caplog)


def test_names() -> None:
    """Readers depend on them."""
    assert names.report(TENANT, TODAY) == f"reports/tenant={TENANT}/date=2026-11-23/report.html"
    assert names.latest_report(TENANT) == f"reports/tenant={TENANT}/latest.html"


def test_a_page_lies_at_both_names() -> None:
    """Under its day, and as the latest; tomorrow's replaces the latest alone."""
    reports = Reports()
    assert reports.render([TENANT]) == [TENANT]
    today, latest = names.report(TENANT, TODAY), names.latest_report(TENANT)
    assert reports.written == [today, latest]
    page = reports.page(today)
    assert page == reports.page(latest)
    assert TENANT.encode() in page
    reports.clock.advance(24 * 3600)
    reports.render([TENANT])
    assert reports.page(today) == page != reports.page(latest)
    assert reports.page(latest) == reports.page(names.report(TENANT, TODAY + timedelta(days=1)))


def test_a_page_tells_what_was_exported() -> None:
    """From the real export's blobs and checkpoint."""
    world = World()
    for hours in range(5):
        world.create(ago_s=hours * 3600, product="microsoftDefenderForIdentity")
    world.run()
    reports = Reports()
    reports.data, reports.state = world.data, world.state
    reports.render([TENANT])
    page = reports.page(names.latest_report(TENANT)).decode()
    assert "Defender for Identity" in page
    assert world.checkpoint().complete_until
    assert str(world.checkpoint().complete_until)[:10] in page


def test_alerts_that_are_not_exported_are_not_read() -> None:
    """Old blobs of a source that was taken out would be told as if they were now."""
    reports = Reports(["secureScores"])
    reports.render([TENANT])
    assert reports.read
    assert not [name for name in reports.read if name.startswith("alerts_v2/")]


def test_a_blob_that_storage_refuses_harms_no_other_tenant(told: Told) -> None:
    """A lifecycle rule may have archived it, or removed it since it was listed."""
    reports = Reports()

    def refuse(operation: str, name: str) -> None:
        if SECOND in name and operation == "names":
            raise HttpResponseError("BlobArchived")

    reports.data = MemoryBlobs(reports.clock, before=refuse)
    assert reports.render() == [TENANT, THIRD]
    [failed] = told.all("report.failed")
    assert (failed["tenant"], failed["reason"]) == (SECOND, "storage")


def alter(name: str, content: bytes) -> Callable[[Reports], str]:
    def altered(reports: Reports) -> str:
        reports.data.put(name.format(SECOND), content)
        return name.format(SECOND)

    return altered


WINDOW = "alerts_v2/tenant={}/date=2026-11-22/20261122T000000.000000Z.ndjson.gz"
GZIP = zlib.compress(b'{"id":"1"}\n' * 99, wbits=31)


@pytest.mark.parametrize(
    "alter",
    [
        alter(WINDOW, b"this was never a gzip stream"),
        alter(WINDOW, GZIP[:-12]),
        alter("secureScoreControlProfiles/tenant={}/date=2026-11-22/profiles.ndjson.gz", b"\x1f\x8b\xff"),
        alter("secureScores/tenant={}/date=never/secureScore.json", b"{}"),
    ],
    ids=["no gzip", "cut off", "profiles", "score"],
)
def test_a_broken_tenant_harms_no_other(alter: Callable[[Reports], str], told: Told) -> None:
    """It is told of with the blob's name, keeps its last report, and the next tick tries again."""
    reports = Reports()
    reports.views.put(names.latest_report(SECOND), b"yesterday's")
    broken = alter(reports)
    assert reports.render() == [TENANT, THIRD]
    [failed] = told.all("report.failed")
    assert (failed["tenant"], failed["reason"]) == (SECOND, "data")
    assert broken in failed["message"]
    assert [(one["rendered"], one["failed"], one["left"]) for one in told.all("reports.rendered")] == [(2, 1, 0)]
    assert reports.page(names.latest_report(SECOND)) == b"yesterday's"
    assert reports.render()[0] in (TENANT, THIRD)
    assert len(told.all("report.failed")) == 2


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_checkpoint_that_cannot_be_read_costs_no_report(content: bytes, told: Told) -> None:
    """What is in blobs is shown all the same; the source's row and the list of oddities tell of the checkpoint."""
    world = World()
    world.create(ago_s=60, product="microsoftDefenderForIdentity")
    world.run()
    reports = Reports(["alerts_v2"])
    reports.data, reports.state = world.data, world.state
    reports.state.put(f"checkpoints/alerts_v2/{TENANT}.json", content)
    assert reports.render([TENANT]) == [TENANT]
    assert told.all("report.failed") == []
    page = reports.page(names.latest_report(TENANT)).decode()
    assert "Defender for Identity" in page
    [row] = re.findall(r'<tr><th scope="row">alerts_v2</th>.*', page)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == ["failing", "unknown", "unknown", "unknown"]
    assert f"<li>alerts_v2: The checkpoint checkpoints/alerts_v2/{TENANT}.json can&#39;t be read" in page


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")  # pygal.DateLine
@pytest.mark.parametrize(
    "score",
    [
        b"no JSON",
        b'{"currentScore": NaN, "maxScore": 80}',
        b'{"currentScore": 1e999, "maxScore": 80, "note": "\\ud800"}',
        b'{"currentScore": 1e300, "maxScore": 80}',
        b'{"currentScore": 40, "maxScore": 1e-300}',
        b'{"currentScore": 40, "maxScore": 80, "averageComparativeScores": [{"basis": "x", "averageScore": 1e300}]}',
        b'{"currentScore": 40, "maxScore": 80, "controlScores": [{"controlName": "\\ud800<script>", "score": -0.0}]}',
    ],
    ids=lambda score: score[:40].decode(),
)
def test_a_strange_score_stops_no_report(score: bytes, told: Told) -> None:
    """Graph's oddities are told in the report; they are no failure."""
    reports = Reports()
    for day, content in ((22, b'{"currentScore": 20, "maxScore": 80}'), (23, score)):
        reports.data.put(f"secureScores/tenant={TENANT}/date=2026-11-{day}/secureScore.json", content)
    profile = zlib.compress(b'{"id":"mfa","maxScore":10}\n', wbits=31)
    reports.data.put(f"secureScoreControlProfiles/tenant={TENANT}/date=2026-11-23/profiles.ndjson.gz", profile)
    assert reports.render([TENANT]) == [TENANT]
    assert told.all("report.failed") == []


def test_that_nothing_was_ever_compared_is_told_once() -> None:
    """In words, and no day is marked for it."""
    reports = Reports()
    score = b'{"currentScore": 20, "maxScore": 80, "controlScores": [{"controlName": "mfa", "score": 5}]}'
    for day in (21, 22, 23):
        reports.data.put(f"secureScores/tenant={TENANT}/date=2026-11-{day}/secureScore.json", score)
    reports.render([TENANT])
    page = reports.page(names.latest_report(TENANT)).decode()
    assert page.count(": no comparison with other tenants") == 1
    assert "<li>2026-11-21 to 2026-11-23: no comparison with other tenants</li>" in page
    assert "odd or missing</t" not in page  # the chart's legend


def test_who_has_no_report_of_today_comes_first() -> None:
    """A tick that was too short is gone on with, not begun again; one of yesterday does not count."""
    reports = Reports()
    reports.views.put(names.report(TENANT, TODAY), b"today's")
    reports.views.put(names.report(SECOND, TODAY - timedelta(days=1)), b"yesterday's")
    reports.views.put(names.latest_report(SECOND), b"yesterday's")
    assert reports.render() == [SECOND, THIRD, TENANT]


def test_time_runs_out(told: Told) -> None:
    """Who is left is counted, and comes first the next time; one is always rendered."""
    reports = Reports()
    assert reports.render(seconds=3) == [TENANT, SECOND]  # two seconds each
    assert reports.render(seconds=0) == [THIRD]
    assert [(one["rendered"], one["failed"], one["left"], one["seconds"]) for one in told.all("reports.rendered")] == [
        (2, 0, 1, 4.0),
        (1, 0, 2, 2.0),
    ]


def test_how_a_run_went_is_told_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """Only a report that failed is an error."""
    caplog.set_level(logging.INFO, logger="shared.events")
    reports = Reports()
    alter(WINDOW, b"never a gzip stream")(reports)
    reports.render()
    assert [record.levelno for record in caplog.records if record.name == "shared.events"] == [
        logging.ERROR,
        logging.INFO,
    ]
