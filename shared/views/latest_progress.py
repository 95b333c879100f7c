"""How far the latest view of one source and tenant is, and where it lies. Pure.

It lies beside the files that it speaks of: whoever deletes them deletes it too, and the next run makes all of them
again. Spark and Fabric pass over names that begin with ``_``.
"""

from collections.abc import Collection
from typing import Final

import msgspec

from shared.errors import DataNotUnderstood

_FILE: Final = "latest.parquet"


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the chain of manifests that is not merged yet, from its newest back."""

    at: str
    """The name of the next manifest to be merged."""
    until: str | None
    """The name of the first that is merged already; None where the chain begins."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What is merged: everything up to ``head``, but for ``rebuild`` and ``stretches``."""

    v: int = 1
    head: str | None
    """The newest manifest that was ever seen."""
    rebuild: str | None = ""
    """While the view is made from the beginning, the last of the blobs merged by name; None once all are."""
    stretches: list[Stretch] = []
    """What came since, the newest first. There is more than one only where a run had no time to finish."""
    months: list[str] = []
    """The months that have a file."""

    def with_head(self, head: str | None) -> "Progress":
        """The progress once the chain has grown to this manifest."""
        if head is None or head == self.head:
            return self
        new = Stretch(at=head, until=self.head)
        return msgspec.structs.replace(self, head=head, stretches=[new, *self.stretches])

    def past(self, previous: str | None) -> "Progress":
        """The progress once the manifest at the first stretch's beginning is merged, which names the one before."""
        first, *others = self.stretches
        ahead = [] if previous in (None, first.until) else [Stretch(at=previous, until=first.until)]
        return msgspec.structs.replace(self, stretches=[*ahead, *others])

    def rebuilt(self, upto: str | None) -> "Progress":
        """The progress once the blobs up to this one are merged."""
        return msgspec.structs.replace(self, rebuild=upto)

    def with_months(self, months: Collection[str]) -> "Progress":
        """The progress once these months have files, too."""
        return msgspec.structs.replace(self, months=sorted({*self.months, *months}))

    @property
    def finished(self) -> bool:
        """Whether everything up to ``head`` is merged."""
        return self.rebuild is None and not self.stretches


def encode(progress: Progress) -> bytes:
    """The progress as JSON."""
    return msgspec.json.encode(progress)


def decode(data: bytes, name: str) -> Progress:
    """Read it back.

    Raises:
        DataNotUnderstood: somebody else's hand was in it.
    """
    try:
        return msgspec.json.decode(data, type=Progress)
    except msgspec.DecodeError as error:
        what = f"{name} can't be read ({error}): delete it, and the next run makes this view again."
        raise DataNotUnderstood(what) from error


def name(source: str, tenant: str) -> str:
    """Where the progress lies, in VIEWS_CONTAINER."""
    return f"{_folder(source, tenant)}/_progress.json"


def file(source: str, tenant: str, month: str) -> str:
    """Where the newest revisions of the records created in a month (``2026-11``) lie."""
    return f"{_folder(source, tenant)}/month={month}/{_FILE}"


def files(source: str, tenant: str) -> str:
    """What the names of all the files begin with."""
    return f"{_folder(source, tenant)}/month="


def month_of(name: str) -> str:
    """The month that a file is named by."""
    return name.rpartition("/month=")[2].removesuffix(f"/{_FILE}")


def _folder(source: str, tenant: str) -> str:
    return f"latest/{source}/tenant={tenant}"
