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
    bell: str | None = None
    """The job id of the delayed bell that was sent last."""
    bell_at: str | None = None
    """When that one comes; an instant in Graph's form."""

    def coming(self, job: Job, now: Instant) -> Instant | None:
        """When a bell comes that is not this job; None where none is still to come.

        A bell may be the very one that the mark says is to come, on a clock that is behind the queue's.
        """
        if self.bell_at is None or self.bell == job.id:
            return None
        at = instants.from_text(self.bell_at)
        return at if at > now + SECOND else None


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
        self._write(Mark(id=uuid4().hex, bell=mark.bell if mark else None, bell_at=mark.bell_at if mark else None))

    def join(self, job: Job, within: int) -> bool:
        """Leave a bell's wish to another one that comes within the interval, if there is one.

        Without it, bells that come together would each send the next one, for ever.
        """
        mark, now = self._read(), self._now()
        coming = mark.coming(job, now) if mark else None
        if mark is None or coming is None or coming > now + within:
            return False
        if job.asked_by == "delayed bell":
            return True  # its wish was there before the bell that is to come was sent
        self._write(Mark(id=uuid4().hex, bell=mark.bell, bell_at=mark.bell_at))
        return mark.coming(job, self._now()) is not None  # it may have come while this was written

    def let_go(self, known: str | None, scan_began: str | None, interval: Instant, job: Job) -> None:
        """Whoever let the lease go calls this after it: a mark other than the known one is a scan still owed.

        ``scan_began`` is when the last scan began, and ``interval`` how far apart scans are that bells ask for.
        """
        if self.seen() != known:
            self.ring_at(instants.from_text(scan_began) + interval if scan_began else 0, job)

    def ring_at(self, instant: Instant, job: Job) -> None:
        """Make sure that a delayed bell comes at the instant, or at once if that is past; one bell serves all marks.

        ``job`` asks, and is not itself the bell to wait for.
        """
        now = self._now()
        instant = max(instant, now)
        mark = self._read()
        coming = mark.coming(job, now) if mark else None
        if coming is not None and coming <= instant + SECOND:
            return
        delay_s = -(-(instant - now) // SECOND)
        bell = Job(asked_by="delayed bell", source=self._source, tenant=self._tenant)
        # The bell first: a crash between the two sends one more, never one less. The id is a new one, since writing
        # back the one just read could wipe out a mark that was left in between.
        self._edges.jobs.send(encode(bell), delay_s=delay_s)
        self._write(Mark(id=uuid4().hex, bell=bell.id, bell_at=instants.to_text(now + delay_s * SECOND)))

    def _now(self) -> Instant:
        return instants.from_datetime(self._edges.clock.now())

    def _read(self) -> Mark | None:
        stored = self._edges.state.read(self._name)
        return msgspec.json.decode(stored.data, type=Mark) if stored else None

    def _write(self, mark: Mark) -> None:
        self._edges.state.put(self._name, msgspec.json.encode(mark))
