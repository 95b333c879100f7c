"""The messages of the queue ``export-jobs``: who wants what exported. Pure."""

from datetime import date
from typing import Annotated, Literal
from uuid import uuid4

import msgspec

from shared.errors import DataNotUnderstood
from shared.graph.sources import SOURCES

_GUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

type Asker = Literal["tick", "bell", "delayed bell", "person"]


class Days(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days to be compared with Graph, both included."""

    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One source of one tenant is to be exported."""

    v: Literal[1] = 1
    id: str = msgspec.field(default_factory=lambda: str(uuid4()))
    asked_by: Asker
    """A tick comes again by itself; a bell must not be lost; a delayed bell stands for a mark; a person is waiting."""
    source: str
    tenant: Annotated[str, msgspec.Meta(pattern=_GUID)]
    since: date | None = None
    """Extend history backwards to this day."""
    reconcile: Days | None = None
    """Compare what was exported with Graph, instead of a scan; at a tick, gaps as well."""

    @property
    def is_bell(self) -> bool:
        """Whether it may share a scan with others, and must not be lost."""
        return self.asked_by in ("bell", "delayed bell")


def encode(job: Job) -> str:
    """The message's text."""
    return msgspec.json.encode(job).decode()


def decode(text: str | bytes) -> Job:
    """Read a message.

    Raises:
        DataNotUnderstood: it is none of ours; the poison queue keeps it.
    """
    try:
        job = msgspec.json.decode(text, type=Job)
    except msgspec.DecodeError as error:
        raise DataNotUnderstood(f"A message in export-jobs is not an export job ({error}).") from error
    if job.source not in SOURCES:
        raise DataNotUnderstood(f"A message in export-jobs is not an export job ({job.source!r} is no source).")
    return job
