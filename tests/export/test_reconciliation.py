"""The arithmetic of comparisons: what is still to do, and what is left of a gap."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import instants
from shared.export.gaps import Gap, with_compared, with_removed
from shared.export.reconciliation import Reconciliation, Stretch
from shared.instants import DAY, Instant

HOUR = instants.HOUR
BEGIN = instants.from_text("2026-11-20T00:00:00Z")

stretches = st.tuples(st.integers(0, 71), st.integers(0, 24)).map(lambda pair: (pair[0], min(pair[0] + pair[1], 72)))
"""Hours of three days, from and to."""


def stretch(start: int, end: int, gap: str = "") -> Stretch:
    return Stretch.of(BEGIN + start * HOUR, BEGIN + end * HOUR, gap)


def hours(todo: list[Stretch]) -> set[tuple[str, int]]:
    """Each hour that is to be compared, and why."""
    return {(part.gap, hour) for part in todo for hour in range(*map(hour_of, part.bounds()))}


def hour_of(instant: Instant) -> int:
    hour, rest = divmod(instant - BEGIN, HOUR)
    assert rest == 0
    return hour


@settings(deadline=None)
@given(st.lists(st.tuples(stretches, st.sampled_from(["", "A/B"])), max_size=6), st.lists(stretches, max_size=6))
def test_what_is_compared_is_no_more_to_do(
    wanted: list[tuple[tuple[int, int], str]], done: list[tuple[int, int]]
) -> None:
    """Neither more nor less, however stretches overlap, and for whatever reason they are wanted."""
    todo = [stretch(*bounds, gap) for bounds, gap in wanted]
    round_ = Reconciliation().accepted("job", BEGIN, todo, tick=True)
    left = hours(todo)
    assert hours(round_.todo) == left
    for start, end in done:
        round_ = round_.compared(BEGIN + start * HOUR, BEGIN + end * HOUR, BEGIN, lambda _: True)
        left -= {(gap, hour) for gap, hour in left if start <= hour < end}
        assert hours(round_.todo) == left
        assert bool(round_.finished) == (not left)


@settings(deadline=None)
@given(st.lists(stretches, max_size=6))
def test_pieces_lead_through_all_of_it_in_order(wanted: list[tuple[int, int]]) -> None:
    """Each within one day, the earliest first, none empty and none twice."""
    round_ = Reconciliation().accepted("job", BEGIN, [stretch(*bounds) for bounds in wanted], tick=True)
    gone: list[tuple[Instant, Instant]] = []
    while piece := round_.piece():
        start, end = piece
        assert start < end <= instants.floor(start, DAY) + DAY
        assert not gone or gone[-1][1] <= start
        gone.append(piece)
        round_ = round_.compared(start, end, BEGIN, lambda _: True)
    compared = {hour for start, end in gone for hour in range(hour_of(start), hour_of(end))}
    assert compared == {hour for start, end in wanted for hour in range(start, end)}


def test_a_gap_whose_provider_does_not_answer_waits_for_another_round() -> None:
    """The days that are wanted for themselves do not."""
    round_ = Reconciliation().accepted(
        "job", BEGIN, [stretch(0, 48, "A/B"), stretch(0, 48, "A/C"), stretch(40, 72)], tick=True
    )
    round_ = round_.compared(BEGIN, BEGIN + HOUR, BEGIN, lambda provider: provider != "A/B")
    assert hours(round_.todo) == {("A/C", hour) for hour in range(1, 48)} | {("", hour) for hour in range(40, 72)}


@settings(deadline=None)
@given(stretches.filter(lambda pair: pair[0] < pair[1]), stretches)
def test_a_gap_loses_only_what_was_compared(gap: tuple[int, int], compared: tuple[int, int]) -> None:
    """It stays one stretch, so its middle stays; it ends nowhere in what was compared, and goes if all of it was."""
    before = Gap(provider="A/B", start=stretch(*gap).start, end=stretch(*gap).end, status=504)
    after = with_compared([before], [], BEGIN + compared[0] * HOUR, BEGIN + compared[1] * HOUR)
    rest = set(range(*gap)) - set(range(*compared))
    if not rest:
        assert after == []
        return
    [left] = after
    assert msgspec.structs.replace(before, start=left.start, end=left.end) == left
    assert (hour_of(instants.from_text(left.start)), hour_of(instants.from_text(left.end))) == (
        min(rest),
        max(rest) + 1,
    )


@settings(deadline=None)
@given(stretches.filter(lambda pair: pair[0] < pair[1]), st.lists(stretches, max_size=4))
def test_what_is_set_apart_of_a_gap_stays_a_gap(gap: tuple[int, int], removed: list[tuple[int, int]]) -> None:
    """Nothing of it goes, nothing comes, and nothing is there twice, whatever was removed."""
    gaps = [Gap(provider="A/B", start=stretch(*gap).start, end=stretch(*gap).end, status=504)]
    for start, end in removed:
        gaps = with_removed(gaps, BEGIN + start * HOUR, BEGIN + end * HOUR)
    covered = [hour for left in gaps for hour in range(*map(hour_of, Stretch(start=left.start, end=left.end).bounds()))]
    assert sorted(covered) == list(range(*gap))
    assert sum(not left.removed for left in gaps) <= 1


def test_a_checkpoint_of_an_older_version_is_read() -> None:
    """Names stay; what is new has a value that means what was before."""
    old = b"""{"jobs": ["a"], "todo": [{"start": "s", "end": "e", "gap": ""}], "filling": null, "began": "b",
        "finished": null, "days": 1, "seen": 2, "missing": 3, "filled": 4, "only_in_blobs": 5, "removed": 6}"""
    read = msgspec.json.decode(old, type=Reconciliation)
    assert read == Reconciliation(
        jobs=["a"],
        todo=[Stretch(start="s", end="e")],
        began="b",
        days=1,
        seen=2,
        missing=3,
        filled=4,
        only_in_blobs=5,
        removed=6,
    )
    assert not msgspec.json.decode(b'{"provider": "", "start": "s", "end": "e", "status": 500}', type=Gap).removed
