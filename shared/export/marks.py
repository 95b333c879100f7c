"""Marks: the sign that a scan is wanted, left by whoever may not scan now.

A mark is one small blob a tenant and source. The checkpoint remembers the mark that the last finished scan had seen
when it began: a mark that differs from it is a scan still owed.
"""

from uuid import uuid4

import msgspec

from shared import instants
from shared.export import names
from shared.export.edges import Edges
from shared.export.jobs import Job, encode
from shared.instants import SECOND, Instant


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for a scan, and the delayed bell that stands for it."""

    id: str
    bell_at: str | None = None
    """When a delayed bell will come, if one was sent; an instant in Graph's form."""


class Marks:
    """The mark of one source and tenant."""

    def __init__(self, edges: Edges, source: str, tenant: str) -> None:
        self._edges = edges
        self._name = names.mark(source, tenant)
        self._bell = Job(asked_by="delayed bell", source=source, tenant=tenant)

    def seen(self) -> str | None:
        """The id of the mark that lies there."""
        mark = self._read()
        return mark.id if mark else None

    def leave(self) -> None:
        """Say that a scan is wanted."""
        mark = self._read()
        self._write(Mark(id=uuid4().hex, bell_at=mark.bell_at if mark else None))

    def ring_at(self, instant: Instant) -> None:
        """Make sure that a delayed bell comes at the instant, or at once if that is past; one bell serves all marks."""
        now = instants.from_datetime(self._edges.clock.now())
        instant = max(instant, now)
        mark = self._read()
        if mark and mark.bell_at and now + SECOND < instants.from_text(mark.bell_at) <= instant + SECOND:
            return
        delay_s = -(-(instant - now) // SECOND)
        # The bell first: a crash between the two sends one more, never one less. The id is a new one, since writing
        # back the one just read could wipe out a mark that was left in between.
        self._edges.jobs.send(encode(self._bell.replace(id=str(uuid4()))), delay_s=delay_s)
        self._write(Mark(id=uuid4().hex, bell_at=instants.to_text(now + delay_s * SECOND)))

    def _read(self) -> Mark | None:
        stored = self._edges.state.read(self._name)
        return msgspec.json.decode(stored.data, type=Mark) if stored else None

    def _write(self, mark: Mark) -> None:
        self._edges.state.put(self._name, msgspec.json.encode(mark))
