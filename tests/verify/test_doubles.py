"""Fingerprints that occur twice are found exactly, however little is held in memory."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from shared.verify.doubles import Fingerprints

WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)


@given(st.lists(st.lists(WHOLE, max_size=60), max_size=5), st.sampled_from([1, 2, 1000]))
def test_doubles_are_those_that_were_added_twice(blobs: list[list[int]], at_once: int) -> None:
    """Within one blob or in two of them, in one pass or in many."""
    everything = [one for blob in blobs for one in blob]
    with Fingerprints(at_once) as fingerprints:
        for blob in blobs:
            fingerprints.add(array("q", blob))
        found = list(fingerprints.doubled())
    assert sorted(found) == sorted({one for one in everything if everything.count(one) > 1})


def test_many_go_to_disk() -> None:
    """What does not fit into the buffers is found all the same."""
    with Fingerprints(at_once=1000) as fingerprints:
        fingerprints.add(array("q", range(600_000)))
        fingerprints.add(array("q", [599_999, 7]))
        assert sorted(fingerprints.doubled()) == [7, 599_999]


def test_many_that_meet_in_one_file() -> None:
    """It is read in pieces, and equal ones may lie in two of them."""
    with Fingerprints() as fingerprints:
        fingerprints.add(array("q", range(0, 64 * 150_000, 64)))
        fingerprints.add(array("q", [0]))
        assert list(fingerprints.doubled()) == [0]
