"""The report tells the same with a latest view and without one, and reads less with it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import instants
from shared.errors import DataNotUnderstood
from shared.export import names
from shared.views import latest_progress, latest_reading
from shared.views.alerts import ALERTS, SEVERITIES, Alert
from shared.views.reading import Exported
from tests.export.world import At, Killed, KilledAt
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs
from tests.hostile import as_json, shaped
from tests.simulated import TENANT, InlineExecutor
from tests.views.viewed import Viewed, alert

FIRST = latest_progress.file(ALERTS.name, TENANT, "2026-11")


def told(viewed: Viewed) -> dict[str, Alert]:
    """Alerts by id, as the report reads them."""
    return _read(viewed, viewed.views)


def told_without(viewed: Viewed) -> dict[str, Alert]:
    """The same from the blobs alone."""
    return _read(viewed, MemoryBlobs(FakeClock()))


def blobs_read(viewed: Viewed) -> list[str]:
    """The exported blobs that the report reads."""
    read: list[str] = []
    viewed.data.before = lambda what, name: read.append(name) if what == "chunks" else None
    told(viewed)
    viewed.data.before = None
    return read


def _read(viewed: Viewed, views: MemoryBlobs) -> dict[str, Alert]:
    found = Exported(viewed.data, viewed.state, views, TENANT, lambda _: InlineExecutor()).alerts()
    assert found.unreadable == 0
    return found._alerts


TIMES = st.sampled_from(
    ["2026-10-31T23:59:59.9999999Z", "2026-11-01T00:00:00Z", "2026-11-23T01:02:03.1234567Z", "soon"]
)
REVISIONS = st.tuples(
    st.sampled_from(["a", "b", "c", "\ud800", "\udfff"]),
    shaped(
        {
            "createdDateTime": TIMES,
            "resolvedDateTime": TIMES,
            "severity": st.sampled_from(SEVERITIES),
            "status": st.sampled_from(["new", "resolved", ""]),
            "serviceSource": st.text(max_size=3),
            "incidentId": st.sampled_from(["1", "\ud800"]),
        }
    ),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.lists(REVISIONS, max_size=4),
            st.sampled_from(["write", "publish", "publish a little", "die"]),
        ),
        max_size=5,
    )
)
def test_the_view_changes_nothing_that_is_told(windows: Sequence[tuple[Sequence[tuple[str, Any]], str]]) -> None:
    """Whatever Graph sends, however much is merged, and wherever a run of publish_latest died."""
    viewed, at = Viewed(), instants.from_text("2026-11-23T01:00:00Z")
    for revisions, what in windows:
        lines = []
        for id_, fields in revisions:
            at += 1  # two revisions of a record never have the same time
            created = {"createdDateTime": "2026-11-01T00:00:00Z"} if id_ == "a" else {}
            lines.append(as_json({**fields, **created, "id": id_, "lastUpdateDateTime": instants.to_text(at)}))
        viewed.write(lines)
        if what == "die":
            _killed(viewed, 5 + 4 * len(revisions))
        elif what != "write":
            viewed.publish(budget_s=0 if what.endswith("little") else 480)
        assert told(viewed) == told_without(viewed)


def test_times_are_as_exact_with_the_view_as_without() -> None:
    """A revision to 100 ns, as Graph tells it; the rest to the microsecond, which is all that Parquet holds."""
    viewed = Viewed()
    at = "2026-11-23T01:00:00.1234567Z"
    viewed.write([alert("a", at, created=at, resolvedDateTime=at, status="resolved")])
    without = told(viewed)
    viewed.publish()
    assert told(viewed) == without
    assert without["a"].at - without["a"].created == 7


def test_what_is_merged_is_not_read_again() -> None:
    """Of the exported blobs only those that came since; none where nothing did."""
    viewed = _published()
    assert blobs_read(viewed) == []
    viewed.write([alert("b", "2026-11-24T00:00:00Z", severity="high")])
    assert blobs_read(viewed) == [sorted(viewed.data.names(""))[-1]]
    assert {id_: one.severity for id_, one in told(viewed).items()} == {"a": "unknown", "b": "high"}


def test_what_a_lifecycle_rule_removed_is_still_told() -> None:
    """The view has it."""
    viewed = _published()
    viewed.data._blobs.clear()
    assert told(viewed).keys() == {"a", "b"}


def _view_in_the_making(viewed: Viewed) -> None:
    name = latest_progress.name(ALERTS.name, TENANT)
    viewed.views.put(name, latest_progress.encode(latest_progress.Progress(head="manifests/any", months=["2026-11"])))


def _a_file_is_deleted(viewed: Viewed) -> None:
    viewed.delete(FIRST)


def _a_manifest_is_being_written(viewed: Viewed) -> None:
    viewed.write([alert("c", "2026-11-24T00:00:00Z")])
    newest = max(viewed.state.names("manifests/"))
    del viewed.state._blobs[newest]


def _the_checkpoint_is_damaged(viewed: Viewed) -> None:
    viewed.state.put(names.checkpoint(ALERTS.name, TENANT), b"{")


def _the_progress_is_damaged(viewed: Viewed) -> None:
    viewed.views.put(latest_progress.name(ALERTS.name, TENANT), b"{")


def _what_is_not_merged_is_gone(viewed: Viewed) -> None:
    """publish_latest is off, and a lifecycle rule removes what it has not merged."""
    viewed.write([alert("c", "2026-11-24T00:00:00Z")])
    del viewed.data._blobs[max(viewed.data.names(""))]


def _its_manifest_is_gone(viewed: Viewed) -> None:
    viewed.write([alert("c", "2026-11-24T00:00:00Z")])
    gone = max(viewed.state.names("manifests/"))
    viewed.write([alert("d", "2026-11-24T00:00:00Z")])
    del viewed.state._blobs[gone]


@pytest.mark.parametrize(
    "change",
    [
        _view_in_the_making,
        _a_file_is_deleted,
        _a_manifest_is_being_written,
        _the_checkpoint_is_damaged,
        _the_progress_is_damaged,
        _what_is_not_merged_is_gone,
        _its_manifest_is_gone,
    ],
)
def test_a_view_that_is_not_whole_is_not_read(change: Callable[[Viewed], None]) -> None:
    """The blobs have everything; a report must not wait for the next run of publish_latest."""
    viewed = _published()
    change(viewed)
    assert blobs_read(viewed) == sorted(viewed.data.names(""))
    assert told(viewed) == told_without(viewed)


def test_a_damaged_file_is_named() -> None:
    """With what is to be done about it."""
    viewed = _published()
    viewed.views.put(FIRST, b"this was never Parquet")
    with pytest.raises(DataNotUnderstood, match=rf"^{FIRST} is no Parquet file .*: delete it"):
        told(viewed)


def test_nothing_is_left_on_the_disk(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the file is read to its end or not."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    viewed = _published()
    rows = latest_reading.rows(viewed.views, FIRST, ("id", "createdDateTime"))
    assert next(rows)[1] == instants.from_text("2026-11-01T00:00:00Z") // instants.MICROSECOND
    assert list(tmp_path.iterdir())
    rows.close()  # type: ignore[attr-defined]  # a generator
    assert not list(tmp_path.iterdir())


def _published() -> Viewed:
    viewed = Viewed()
    viewed.write([alert("a", "2026-11-23T01:00:00Z")])
    viewed.write([alert("b", "2026-11-23T02:00:00Z")])
    viewed.publish()
    return viewed


def _killed(viewed: Viewed, touches: int) -> None:
    """A run that dies at the n-th touch of the world, if it gets so far; the lease of the dead runs out."""
    with suppress(Killed):
        viewed.publish(KilledAt(At("", touches)))
    viewed.clock.advance(61)
