"""What is kept of every update, and where: written before it is sent, completed afterwards."""

from typing import Final

import msgspec

from shared import instants
from shared.errors import StorageConflict
from shared.instants import Instant
from shared.resources.outcome import Parts
from shared.storage.blobs import Blobs

UNFINISHED: Final = "sent, outcome unknown"
"""What a record says from before the sending until its end is written: so a crash in between leaves this."""
FINISHED: Final = "finished"


class Asker(msgspec.Struct, frozen=True):
    """Who asked, by their own word."""

    name: str | None
    verified: bool = False
    """Always: a function key proves nobody."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one update. What Graph sent stands in it as it came."""

    v: int = 1
    update: str
    """A GUID, in the blob's name too."""
    at: str
    tenant: str
    collection: str
    id: str
    requested_by: Asker
    if_match: str | None
    state: str = UNFINISHED
    before: msgspec.Raw
    sent: msgspec.Raw | None
    """The body of the PATCH; null where only a comment was posted."""
    comment: str | None
    """The comment that was to be posted."""
    done: Parts | None = None
    status: int | None = None
    """HTTP status; where two things were asked for, that of the one that failed."""
    after: msgspec.Raw | None = None
    error: str | None = None


def name(update: str, at: Instant) -> str:
    """The blob of an update."""
    return f"audit/date={instants.to_date(at)}/{instants.to_stamp(at)}-{update}.json"


def begin(blobs: Blobs, blob: str, audit: Audit) -> None:
    """Write down what is about to be sent.

    Raises:
        StorageConflict: another blob lies there.
        AzureError: it cannot be written.
    """
    data = msgspec.json.encode(audit)
    try:
        blobs.create(blob, data)
    except StorageConflict:
        # The name is this update's alone: it is our own first try, whose answer was lost.
        stored = blobs.read(blob)
        if stored is None or stored.data != data:
            raise


def finish(blobs: Blobs, blob: str, audit: Audit) -> None:
    """Write down what became of it.

    Raises:
        AzureError: it cannot be written.
    """
    blobs.put(blob, msgspec.json.encode(audit))
