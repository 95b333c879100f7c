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
        self._source = source
        self._tenant = tenant

    def seen(self) -> str | None:
        """The id of the mark that lies there."""
        mark = self._read()
        return mark.id if mark else None

    def leave(self) -> None:
        """Say that a scan is wanted."""
        mark = self._read()
        self._write(Mark(id=uuid4().hex, bell_at=mark.bell_at if mark else None))

    def ring_at(self, instant: Instant, *, by_bell: bool) -> None:
        """Make sure that a delayed bell comes at the instant, or at once if that is past; one bell serves all marks.

        ``by_bell``: a delayed bell asks. It may be the very one that the mark says is to come, on a clock that is
        behind the queue's.
        """
        now = instants.from_datetime(self._edges.clock.now())
        instant = max(instant, now)
        mark = self._read()
        coming = instants.from_text(mark.bell_at) if mark and mark.bell_at and not by_bell else None
        if coming is not None and now + SECOND < coming <= instant + SECOND:
            return
        delay_s = -(-(instant - now) // SECOND)
        # The bell first: a crash between the two sends one more, never one less. The id is a new one, since writing
        # back the one just read could wipe out a mark that was left in between.
        self._edges.jobs.send(
            encode(Job(asked_by="delayed bell", source=self._source, tenant=self._tenant)), delay_s=delay_s
        )
        self._write(Mark(id=uuid4().hex, bell_at=instants.to_text(now + delay_s * SECOND)))

    def _read(self) -> Mark | None:
        stored = self._edges.state.read(self._name)
        return msgspec.json.decode(stored.data, type=Mark) if stored else None

    def _write(self, mark: Mark) -> None:
        self._edges.state.put(self._name, msgspec.json.encode(mark))
