"""The latest view shows the newest revision of every record, whatever happens while it is made."""

import json
from dataclasses import dataclass, field
from datetime import date
from itertools import count, permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import DataNotUnderstood, StorageConflict
from shared.views import latest
from tests.export.world import At, Killed, KilledAt, World
from tests.simulated import TENANT
from tests.views.viewed import View, Viewed, alert, newest, same

# What lies there equals what is there


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["alerts_v2", "incidents", "alerts"]), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7))))
def test_the_view_of_any_export_is_the_newest_revision_of_each_record(
    source: str, happens: list[tuple[int, int]]
) -> None:
    """Over what the real export writes: late arrivals, updates, months that pass, and history extended backwards."""
    world = World(source)
    viewed = Viewed.of(world)
    records = [world.create(50 * 3600), world.create(60)]
    for what, number in happens:
        match what:
            case 0 | 1:
                records.append(world.create(number * 400))
            case 2 | 3:
                world.clock.advance(1)
                world.update(records[number % len(records)])
            case 4 | 5:
                world.run()
            case 6:
                world.clock.advance((60, 3600, 90_000, 9 * 86_400)[number % 4])
            case 7:
                world.run(world.job("person", since=date(2026, 11, 14 + number)))
            case _:
                viewed.publish(budget_s=number * 100)
    world.clock.advance(1)
    for _ in range(3):
        world.run()
    while not viewed.finished():
        viewed.publish()
    viewed.publish()
    assert same(viewed.shown(), newest(viewed.lines(), source))


MOMENTS = [f"2026-11-23T04:15:00{fraction}Z" for fraction in ("", ".0000001", ".0000002", ".1", ".12")]
CREATED = ["2026-09-30T23:59:59.9999999Z", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00.5Z", None]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(0, 7), st.sampled_from(MOMENTS), st.booleans()), max_size=6),
            st.sampled_from(["window", "reconcile", "publish", "publish a little", "die"]),
        ),
        max_size=8,
    )
)
def test_any_order_of_windows_gives_the_same_view(
    windows: list[tuple[list[tuple[int, str, bool]], str]],
) -> None:
    """Ties, revisions 100 ns apart, the same revision twice, windows in the wrong order, and blobs of a comparison."""
    viewed, numbers = Viewed(), count()
    for revisions, what in windows:
        made = [alert(f"a{one}", at, CREATED[one % 4], title="x" if tied else "y") for one, at, tied in revisions]
        if what == "reconcile":
            viewed.write(made, f"reconcile-{next(numbers)}", "2026-10-02")
        else:
            viewed.write(made)
        if what == "die":
            _killed(viewed, 3 + 7 * len(revisions))
        elif what.startswith("publish"):
            viewed.publish(budget_s=0 if what.endswith("little") else 480)
    for _ in windows:
        viewed.publish()
    view = viewed.shown()
    assert same(view, newest(viewed.lines()))
    viewed.delete()
    viewed.publish()
    assert viewed.shown() == view


def test_of_two_revisions_with_one_time_the_same_wins_in_every_order() -> None:
    """Merged first or last: the text decides, and nothing else."""
    tied = [alert("a", "2026-11-23T00:00:00.5Z", title=f"{number}") for number in range(3)]
    winners = set()
    for order in permutations(tied):
        viewed = Viewed()
        for line in order:
            viewed.write([line])
            viewed.publish()
        winners.add(viewed.shown()["a"])
    assert len(winners) == 1


def test_history_and_comparisons_are_merged_though_their_days_are_old() -> None:
    """What is found by the chain of manifests, whatever its date is."""
    viewed = Viewed()
    viewed.write([alert("a", "2026-11-23T01:00:00Z"), alert("b", "2026-11-23T01:00:00Z")])
    viewed.publish()
    viewed.write([alert("old", "2024-01-01T01:00:00Z", "2024-01-01T00:00:00Z")], day="2024-01-01")
    viewed.write([])
    viewed.write([alert("a", "2026-11-22T01:00:00Z"), alert("late", "2026-11-22T01:00:00Z")], "reconcile-1")
    viewed.publish()
    view = viewed.shown()
    assert view.keys() == {"a", "b", "old", "late"}
    assert json.loads(view["a"][1])["lastUpdateDateTime"] == "2026-11-23T01:00:00Z"


# What is touched


def test_a_run_without_news_touches_nothing() -> None:
    """It reads three small things, takes no lease and writes nothing."""
    viewed = _published()
    before, touched = viewed.etags(), list[str]()
    viewed.publish(touched.append)
    assert viewed.etags() == before
    assert [what for what in touched if what.startswith("before")] == [
        f"before {what}" for what in ("read", "properties", "read", "names")
    ]


def test_only_what_changes_is_written() -> None:
    """One new revision replaces one file; and one that is older than what is shown replaces none."""
    viewed = _published()
    before = viewed.etags()
    viewed.write([alert("a0", "2026-11-24T00:00:00Z", CREATED[1]), alert("a1", "2020-01-01T00:00:00Z", CREATED[2])])
    viewed.publish()
    assert {name for name, etag in viewed.etags().items() if etag != before[name]} == {
        f"latest/alerts_v2/tenant={TENANT}/month=2026-10/latest.parquet",
        f"latest/alerts_v2/tenant={TENANT}/_progress.json",
    }


def test_a_run_reads_what_is_new_and_not_what_was() -> None:
    """A manifest and a blob for each new window, however many there were before."""
    touched: dict[int, list[str]] = {}
    for windows in (3, 30):
        viewed = Viewed()
        for number in range(windows):
            viewed.write([alert(f"a{number}", "2026-11-23T00:00:00Z")])
        viewed.publish()
        viewed.write([alert("new", "2026-11-23T00:00:00Z")])
        touched[windows] = []
        viewed.publish(touched[windows].append)
    assert touched[3] == touched[30]


@pytest.mark.parametrize("prefix", ["latest/", "latest/alerts_v2/", f"latest/alerts_v2/tenant={TENANT}/month=2026-10"])
def test_what_is_deleted_is_made_again(prefix: str) -> None:
    """All of it or a file: the next run leaves the same view, and needs nothing but the blobs."""
    viewed = _published()
    view = viewed.shown()
    viewed.delete(prefix)
    assert viewed.shown() != view
    viewed.publish()
    assert viewed.shown() == view
    assert viewed.finished()


def test_merging_again_changes_nothing() -> None:
    """A view that forgot what it had merged reads all of it, and replaces no file."""
    viewed = _published()
    before = viewed.etags()
    viewed.delete(f"latest/alerts_v2/tenant={TENANT}/_progress.json")
    viewed.publish()
    after = viewed.etags()
    assert {name for name in before if after[name] != before[name]} == {
        f"latest/alerts_v2/tenant={TENANT}/_progress.json"
    }


def test_time_that_is_short_is_gone_on_with() -> None:
    """Each run gains ground, one blob at least, and what came meanwhile is not forgotten."""
    viewed = Viewed()
    for number in range(4):
        viewed.write([alert(f"a{number}", "2026-11-23T00:00:00Z")])
    for shown_so_far in (1, 2):
        viewed.publish(budget_s=0)
        assert len(viewed.shown()) == shown_so_far
    viewed.write([alert("b", "2026-11-23T00:00:00Z")])
    viewed.write([alert("c", "2026-11-23T00:00:00Z")])
    runs = 0
    while not viewed.finished():
        viewed.publish(budget_s=0)
        runs += 1
    assert viewed.shown().keys() == {"a0", "a1", "a2", "a3", "b", "c"}
    assert runs == 7  # two are left, two are new and found by name once more, and one run finds no more


def test_news_upon_news_is_not_forgotten() -> None:
    """A run that had no time to follow the chain to its end leaves a stretch; more may come before the next."""
    viewed = _published()
    for round_ in range(3):
        for number in range(3):
            viewed.write([alert(f"n{round_}{number}", "2026-11-23T00:00:00Z")])
        viewed.publish(budget_s=0)
    assert not viewed.finished()
    viewed.publish()
    assert viewed.finished()
    assert same(viewed.shown(), newest(viewed.lines()))


# Whatever happens


@dataclass
class Watched:
    """A step function that looks, at every touch of the world, whether each file is the old or the new one."""

    viewed: Viewed
    old: View
    new: View
    kill: KilledAt
    files: set[str] = field(default_factory=set)
    """What was seen, such as ``2026-11 new``."""
    _looked_at: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        if (etags := self.viewed.etags()) not in self._looked_at:
            self._looked_at.append(etags)
            view = self.viewed.shown()
            for month in ("2026-10", "2026-11"):
                [which] = [
                    which
                    for which, whole in {"old": self.old, "new": self.new}.items()
                    if _month(view, month) == _month(whole, month)
                ]
                self.files.add(f"{month} {which}")
        self.kill(what)


def test_a_run_that_is_killed_leaves_old_or_new_and_the_next_completes() -> None:
    """At every touch of the world; and whoever reads in between sees each file old or new, and whole."""
    for moment in count(1):
        viewed = _published()
        old = viewed.shown()
        viewed.write([alert("a0", "2026-11-24T00:00:00Z", CREATED[1]), alert("n", "2026-11-24T00:00:00Z")])
        new = {id_: (month, next(iter(texts))) for id_, (month, texts) in newest(viewed.lines()).items()}
        watched = Watched(viewed, old, new, KilledAt(At("", moment)))
        try:
            viewed.publish(watched)
        except Killed:
            viewed.clock.advance(61)  # the lease of the dead runs out
            viewed.publish()
            assert viewed.shown() == new
            assert viewed.finished()
            continue
        assert moment > 20
        assert len(watched.files) == 4
        break


@pytest.mark.parametrize("operation", ["commit", "replace", "create"])
def test_an_answer_that_is_lost_costs_a_run_at_most(operation: str) -> None:
    """What was written is found to be written by the next one."""
    viewed = Viewed()
    viewed.write([alert("a", "2026-11-23T00:00:00Z")])
    viewed.lose = [operation]
    try:
        viewed.publish()
    except StorageConflict:
        viewed.publish()
    assert viewed.lose == []
    assert viewed.shown().keys() == {"a"}
    assert viewed.finished()


def test_another_worker_is_let_alone() -> None:
    """One at a time for each source and tenant."""
    viewed = _published()
    viewed.write([alert("new", "2026-11-23T00:00:00Z")])
    before = viewed.etags()
    lease = viewed.views.lease(f"latest/alerts_v2/tenant={TENANT}/_progress.json", 60)
    viewed.publish()
    assert viewed.etags() == before
    assert lease
    lease.release()
    viewed.publish()
    assert "new" in viewed.shown()


@pytest.mark.parametrize("stops", ["before commit", "before replace", "after commit", "before chunks"])
def test_a_worker_that_stood_still_overwrites_nothing(stops: str) -> None:
    """It goes on when another has merged more: its lease and its ETags are not what is there."""
    viewed = _published()
    viewed.write([alert("first", "2026-11-23T00:00:00Z")])
    stood: list[str] = []

    def another_comes(what: str) -> None:
        if what == stops and not stood:
            stood.append(what)
            viewed.clock.advance(61)
            viewed.write([alert("second", "2026-11-23T00:00:00Z")])
            viewed.publish()

    with pytest.raises(StorageConflict):
        viewed.publish(another_comes)
    assert stood
    assert same(viewed.shown(), newest(viewed.lines()))
    assert viewed.finished()


def test_one_failure_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """It is told with tenant and source, and all others are brought up to date."""
    caplog.set_level("INFO", logger="shared.events")
    viewed = Viewed()
    viewed.write([alert("a", "2026-11-23T00:00:00Z")])
    viewed.state.put("checkpoints/alerts_v2/broken.json", b"{")
    latest.publish_all(viewed.edges(), ["broken", TENANT, "never exported"], ["alerts_v2", "incidents"], 480)
    assert viewed.shown().keys() == {"a"}
    told = _told(caplog)
    assert [(one["tenant"], one["source"], one["reason"]) for one in told["latest.failed"]] == [
        ("broken", "alerts_v2", "data")
    ]
    [published] = told["latest.published"]
    assert (published["months"], published["records"], published["continues"]) == (["2026-11"], 1, False)


def test_what_nobody_foresaw_fails_the_run_when_all_had_their_turn() -> None:
    """The host must count it as failed, and the others must not suffer."""
    viewed = Viewed()
    viewed.write([alert("a", "2026-11-23T00:00:00Z")])
    viewed.state.put("checkpoints/alerts_v2/other.json", viewed.state.read(f"checkpoints/alerts_v2/{TENANT}.json").data)  # type: ignore[union-attr]
    viewed.views.create(f"latest/alerts_v2/tenant={TENANT}/month=2026-11/latest.parquet", b"no Parquet")
    with pytest.raises(ExceptionGroup) as raised:
        latest.publish_all(viewed.edges(), [TENANT, "other"], ["alerts_v2"], 480)
    assert len(raised.value.exceptions) == 1
    assert list(viewed.views.names("latest/alerts_v2/tenant=other/"))


@pytest.mark.parametrize("missing", ["manifest", "blob"])
def test_what_is_missing_is_named_and_the_view_can_be_made_without_it(missing: str) -> None:
    """Deleting the view is the way out, and the message says so."""
    viewed = _published()
    viewed.write([alert("b", "2026-11-23T00:00:00Z")])
    viewed.write([alert("c", "2026-11-23T00:00:00Z")])
    container, prefix = (viewed.state, "manifests/") if missing == "manifest" else (viewed.data, "")
    gone = sorted(container.names(prefix))[-2]
    del container._blobs[gone]
    with pytest.raises(DataNotUnderstood, match=gone) as raised:
        viewed.publish()
    assert "delete the view's files under latest/" in str(raised.value)
    viewed.delete()
    viewed.publish()
    assert same(viewed.shown(), newest(viewed.lines()))


def test_manifests_that_do_not_name_the_one_before_are_no_end() -> None:
    """Where an earlier version exported, all of its blobs are in the view, and what follows is, too."""
    viewed = _published()
    viewed.delete()
    for name in list(viewed.state.names("manifests/")):
        stored = viewed.state.read(name)
        assert stored
        text = json.loads(stored.data)
        del text["previous_name"]
        viewed.state.put(name, json.dumps(text).encode())
    viewed.publish()
    viewed.write([alert("new", "2026-11-23T00:00:00Z")])
    viewed.publish()
    assert same(viewed.shown(), newest(viewed.lines()))


def test_a_manifest_that_is_just_being_written_is_waited_for() -> None:
    """The checkpoint names it before it is there; a run that comes in between leaves it to the next."""
    viewed = _published()
    viewed.write([alert("new", "2026-11-23T00:00:00Z")])
    name = max(viewed.state.names("manifests/"))
    kept = viewed.state._blobs.pop(name)
    viewed.publish()
    assert "new" not in viewed.shown()
    viewed.state._blobs[name] = kept
    viewed.publish()
    assert "new" in viewed.shown()


def _published() -> Viewed:
    """A view of two months, up to date."""
    viewed = Viewed()
    for number in range(3):
        viewed.write([alert(f"a{one}", f"2026-11-23T0{number}:00:00Z", CREATED[1 + one % 2]) for one in range(4)])
    viewed.publish()
    assert len(viewed.shown()) == 4
    return viewed


def _month(view: View, month: str) -> dict[str, str]:
    return {id_: text for id_, (of, text) in view.items() if of == month}


def _killed(viewed: Viewed, moment: int) -> None:
    try:
        viewed.publish(KilledAt(At("", moment)))
    except Killed:
        viewed.clock.advance(61)


def _told(caplog: pytest.LogCaptureFixture) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in caplog.records:
        if record.name == "shared.events":
            one = json.loads(record.getMessage())
            found.setdefault(one["event"], []).append(one)
    return found
