"""What a verification may find, and what each finding means. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong."""

    CHECKPOINT_UNUSABLE = "checkpoint-unusable"
    WINDOW_MISSING = "window-missing"
    WINDOW_OVERLAPPING = "window-overlapping"
    WINDOW_DISORDERED = "window-disordered"
    MANIFEST_MISSING = "manifest-missing"
    MANIFEST_ALTERED = "manifest-altered"
    MANIFEST_MISPLACED = "manifest-misplaced"
    MANIFEST_UNKNOWN = "manifest-unknown"
    BLOB_MISSING = "blob-missing"
    BLOB_ALTERED = "blob-altered"
    BLOB_MISCOUNTED = "blob-miscounted"
    BLOB_UNKNOWN = "blob-unknown"
    RECORD_DOUBLED = "record-doubled"


MEANING = {
    Kind.CHECKPOINT_UNUSABLE: "the checkpoint is gone or can't be read, so nothing says where the chain ends",
    Kind.WINDOW_MISSING: "a stretch of time, or a day, has neither a manifest nor a blob",
    Kind.WINDOW_OVERLAPPING: "a window covers time that another one covers, or that is not exported yet",
    Kind.WINDOW_DISORDERED: "a window stands in the chain where the export would not have written it",
    Kind.MANIFEST_MISSING: "the chain names a manifest that is not there",
    Kind.MANIFEST_ALTERED: "a manifest has not the digest that the chain names",
    Kind.MANIFEST_MISPLACED: "a manifest lies under the name of another window",
    Kind.MANIFEST_UNKNOWN: "a manifest is not in the chain: it was put in",
    Kind.BLOB_MISSING: "a manifest names a blob that is not there",
    Kind.BLOB_ALTERED: "the bytes of a blob are not those that its manifest names",
    Kind.BLOB_MISCOUNTED: "a blob has the sha256 that its manifest names, but another size or number of records",
    Kind.BLOB_UNKNOWN: "no manifest in the chain knows the blob, and no run in progress can have left it",
    Kind.RECORD_DOUBLED: "the same revision of a record is in two lines",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    kind: Kind
    place: str
    """The name of the blob that it is about; its container is the state's for checkpoints and manifests."""
    detail: str = ""
    """What was seen, in words."""
