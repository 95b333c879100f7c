"""The right to work on one source and tenant: the lease of its checkpoint, renewed while the work lasts."""

import logging
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

from shared.clock import Clock
from shared.errors import StorageConflict
from shared.storage.blobs import BlobLease, Blobs

_log = logging.getLogger(__name__)

LEASE_S = 60
_RENEW_EVERY_S = 20
_MARGIN_S = 5
"""How long before its end a lease counts as lost. What is written still later is told apart by name and ETag."""


class Lease:
    """A lease that knows whether it can still be relied on."""

    def __init__(self, lease: BlobLease, clock: Clock, taken_at: float) -> None:
        """``taken_at`` is the monotonic second at which the lease was asked for."""
        self._lease = lease
        self._clock = clock
        self._renewed_at = taken_at

    @property
    def id(self) -> str:
        """What writes to the checkpoint must carry."""
        return self._lease.id

    def check(self) -> None:
        """Go on only as the holder; renews where it is time to.

        Raises:
            StorageConflict: the lease was not renewed in time.
        """
        age_s = self._clock.monotonic() - self._renewed_at
        if age_s > LEASE_S - _MARGIN_S:
            raise StorageConflict("The lease was not renewed in time: another worker may have taken over.")
        if age_s > _RENEW_EVERY_S:
            self.renew()

    def renew(self) -> None:
        """Start the lease's time anew; it counts from before the request."""
        asked_at = self._clock.monotonic()
        self._lease.renew()
        self._renewed_at = max(self._renewed_at, asked_at)

    def release(self) -> None:
        """Let others work."""
        self._lease.release()


def take(blobs: Blobs, name: str, first: bytes, clock: Clock) -> Lease | None:
    """Take the lease of a blob of state, made with ``first`` where there is none; None where another worker has it."""
    if blobs.properties(name) is None:
        with suppress(StorageConflict):  # another worker made it in the same moment
            blobs.create(name, first)
    asked_at = clock.monotonic()
    lease = blobs.lease(name, LEASE_S)
    return Lease(lease, clock, asked_at) if lease else None


class KeptAlive:
    """Renews a lease in the background while a ``with`` block runs: one slow answer must not cost the lease."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._done = Event()
        self._thread = Thread(target=self._renew, daemon=True, name="lease")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._done.wait(_RENEW_EVERY_S):
            try:
                self._lease.renew()
            except Exception as error:  # noqa: BLE001  the work itself stops: ``check`` knows of no renewal
                _log.warning("A lease could not be renewed: %s", error)
