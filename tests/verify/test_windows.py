"""How windows join is told from their times alone."""

from shared.instants import DAY, SECOND
from shared.verify import links, windows
from shared.verify.links import Link
from shared.verify.windows import Span
from tests.simulated import TENANT

DAY_OF_ALL = "alerts_v2/tenant=" + TENANT + "/date=1970-01-03"
MIDNIGHT = 2 * DAY


def window(start: int, end: int) -> tuple[Link, int]:
    """A window of that day, in seconds."""
    name = f"manifests/{DAY_OF_ALL}/19700103T0000{start:02}.000000Z.json"
    return links.nothing("alerts_v2", TENANT, name, b""), MIDNIGHT + end * SECOND


def joined(*each: tuple[int, int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Holes and starts of what overlaps, in seconds, where the first minute of the day should be there."""
    done = windows.join([window(*one) for one in each], [Span(MIDNIGHT, MIDNIGHT + 60 * SECOND)])
    holes = [((hole.start - MIDNIGHT) // SECOND, (hole.end - MIDNIGHT) // SECOND) for hole in done.holes]
    return holes, [(link.start - MIDNIGHT) // SECOND for link in done.overlapping]


def test_windows_that_join() -> None:
    """In whatever order they are given."""
    assert joined((20, 60), (0, 20)) == ([], [])


def test_holes() -> None:
    """At the beginning, in between, at the end, and where there is nothing."""
    assert joined((10, 20), (30, 50)) == ([(0, 10), (20, 30), (50, 60)], [])
    assert joined() == ([(0, 60)], [])


def test_a_window_within_another() -> None:
    """What the long one covers stays covered behind the short one."""
    assert joined((0, 40), (10, 20), (30, 60)) == ([], [10, 30])
    assert joined((0, 40), (10, 20), (50, 60)) == ([(40, 50)], [10])


def test_a_window_beyond_what_is_exported() -> None:
    """It covers time that nobody has read yet."""
    assert joined((0, 30), (30, 61)) == ([], [30])
