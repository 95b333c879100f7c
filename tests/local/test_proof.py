"""The demo's comparison: what is lost, doubled or invented is found."""

from local.chain import BlobFacts
from local.proof import Exported, Finding, Revision, Share, examine
from local.simulator.timestamps import parse
from tests.local.manifests import chained

NOON = parse("2026-11-23T12:00:00Z")
BLOBS = {"1": BlobFacts("a" * 64, bytes=7, records=3)}
TRUTH = [
    Revision("x", NOON, "Sentinel"),
    Revision("x", NOON + 1, "Sentinel"),
    Revision("y", NOON, "Entra"),
]


def found(*revisions: Revision) -> Finding:
    return examine("alerts_v2", TRUTH, Exported(list(revisions), BLOBS, chained(BLOBS)))


def test_a_whole_export_has_no_problems() -> None:
    """In whatever order it lies."""
    finding = found(*reversed(TRUTH))
    assert list(finding.problems()) == []
    assert (finding.records, finding.revisions, finding.blobs, finding.manifests, finding.bytes) == (2, 3, 1, 1, 7)
    assert finding.shares == {"Sentinel": Share(2, 2), "Entra": Share(1, 1)}


def test_a_lost_revision_is_found() -> None:
    """Another revision of the same record does not make up for it."""
    finding = found(TRUTH[0], TRUTH[2])
    assert finding.lost == [TRUTH[1]]
    assert list(finding.problems()) == ["alerts_v2: 1 lost, such as x of 2026-11-23T12:00:00.0000001Z"]
    assert finding.shares["Sentinel"] == Share(in_graph=2, in_blobs=1)


def test_a_doubled_revision_is_found() -> None:
    """Every line too many counts."""
    finding = found(*TRUTH, TRUTH[0], TRUTH[0])
    assert finding.doubled == [TRUTH[0], TRUTH[0]]
    assert list(finding.problems()) == ["alerts_v2: 2 doubled, such as x of 2026-11-23T12:00:00.0000000Z"]


def test_an_invented_revision_is_found() -> None:
    """It is not called doubled: Graph never had it."""
    stranger = Revision("z", NOON, "Entra")
    finding = found(*TRUTH, stranger)
    assert (finding.invented, finding.doubled) == ([stranger], [])
    assert list(finding.problems()) == ["alerts_v2: 1 invented, such as z of 2026-11-23T12:00:00.0000000Z"]


def test_one_lost_and_one_doubled_do_not_cancel_out() -> None:
    """The sum of lines is right, and yet nothing is."""
    finding = found(TRUTH[0], TRUTH[0], TRUTH[2])
    assert (finding.lost, finding.doubled) == ([TRUTH[1]], [TRUTH[0]])


def test_problems_of_manifests_are_problems() -> None:
    """A whole export without its proof is none."""
    finding = examine("alerts_v2", TRUTH, Exported(TRUTH, BLOBS, {}))
    assert list(finding.problems()) == ["alerts_v2: 1 has 0 manifests"]
