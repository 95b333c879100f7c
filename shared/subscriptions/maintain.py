"""Bring one tenant's subscriptions to the wanted state, and remember what Graph does not tell."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from msgspec.structs import replace

from shared import events, instants
from shared.clock import Clock
from shared.errors import AppError, GraphRefused, StorageConflict
from shared.events import Event
from shared.export import lease as leases
from shared.export.lease import Lease
from shared.instants import HOUR, Instant
from shared.storage.blobs import Blobs
from shared.subscriptions import health, state
from shared.subscriptions.graph import GraphSubscriptions
from shared.subscriptions.plan import Actual, Create, Delete, Endpoint, Known, Renew, Step, Wanted, plan
from shared.subscriptions.state import Memory, Subscribed


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What it takes to maintain one tenant."""

    graph: GraphSubscriptions
    blobs: Blobs
    """STATE_CONTAINER."""
    clock: Clock
    tenant: str
    wanted: Sequence[Wanted]
    notification_url: str
    lifecycle_url: str
    client_state: str
    """For new subscriptions: the first of NOTIFICATION_CLIENT_STATE."""
    warm: Callable[[str], None]
    """Asks a URL of ours, so that it is awake when Graph asks for validation within 10 s."""
    ring: Callable[[], None]
    """Asks for an export: while there was no subscription, changes went unnoticed."""
    keep_alive: Callable[[Lease], AbstractContextManager[object]]
    """Renews a lease in the background: Graph may take its time."""

    def run(self) -> Memory | None:
        """Do it once; None where another maintainer is at work.

        Raises:
            GraphRefused, GraphUnavailable: the subscriptions could not be listed or changed; that is remembered.
        """
        name = state.name(self.tenant)
        lease = leases.take(self.blobs, name, state.encode(Memory()), self.clock)
        if lease is None:
            return None
        try:
            with self.keep_alive(lease):
                return self._work(name, lease)
        except AppError as error:
            events.emit(Event.UNMAINTAINED, tenant=self.tenant, reason=error.reason, message=str(error))
            raise
        finally:
            lease.release()

    def _work(self, name: str, lease: Lease) -> Memory:
        stored = self.blobs.read(name)
        if stored is None:
            raise StorageConflict(f"{name} was removed while its lease was held.")
        return _Work(self, stored.data, stored.etag, lease).run()

    def now(self) -> Instant:
        """The present instant."""
        return instants.from_datetime(self.clock.now())

    def endpoint(self) -> Endpoint:
        """Where Graph is to post."""
        made_with = state.digest(self.client_state, self.lifecycle_url)
        return Endpoint(self.notification_url, self.lifecycle_url, made_with, state.digest(self.notification_url))


class _Work:
    """One maintenance, under the lease of the tenant's memory; what was made is remembered at once."""

    def __init__(self, maintenance: Maintenance, data: bytes, etag: str, lease: Lease) -> None:
        self._m = maintenance
        self._etag = etag
        self._lease = lease
        self._memory = state.decode(data)
        self._known = {Wanted(one.resource, one.change_type): one for one in self._memory.subscriptions}

    def run(self) -> Memory:
        m = self._m
        try:
            actual = list(m.graph.all())
            self._note_present(actual)
            for step in self._plan(actual):
                self._do(step)
        except AppError as error:
            self._save(failure=str(error))
            raise
        self._save(failure="")
        for wanted, known, state_now in health.states(self._memory, m.wanted, m.now()):
            left = (instants.from_text(known.expires) - m.now()) / HOUR if known and known.expires else None
            hours = None if left is None else round(left, 1)
            self._tell(Event.CHECKED, wanted, state=state_now, hours_left=hours)
        return self._memory

    def _plan(self, actual: Iterable[Actual]) -> list[Step]:
        known = {one.id: Known(wanted, one.made_with, one.posts_to) for wanted, one in self._known.items() if one.id}
        held = {wanted: instants.from_text(one.refused) for wanted, one in self._known.items() if one.held}
        steps = plan(self._m.wanted, actual, known, held, self._m.endpoint(), self._m.now())
        if any(isinstance(step, Create) for step in steps):
            self._m.warm(self._m.notification_url)
            self._m.warm(self._m.lifecycle_url)
        return steps

    def _do(self, step: Step) -> None:
        match step:
            case Delete(subscription):
                self._delete(subscription)
            case Renew(subscription, wanted, moved):
                self._renew(subscription, wanted, moved=moved)
            case Create(wanted):
                self._create(wanted)

    def _create(self, wanted: Wanted) -> None:
        m = self._m
        before = self._known.get(wanted) or Subscribed(resource=wanted.resource, change_type=wanted.change_type)
        now = instants.to_text(m.now())
        try:
            made = m.graph.create(wanted, m.endpoint(), m.client_state, m.now())
        except GraphRefused as refusal:
            self._known[wanted] = replace(
                before, id="", expires="", refused=now, message=str(refusal), held=_is_final(refusal)
            )
            self._tell(Event.NOT_SUBSCRIBED, wanted, message=str(refusal))
        else:
            self._known[wanted] = Subscribed(
                resource=wanted.resource,
                change_type=wanted.change_type,
                id=made.id,
                made_with=m.endpoint().made_with,
                posts_to=m.endpoint().posts_to,
                expires=instants.to_text(made.expires),
                made=now,
            )
            self._tell(Event.SUBSCRIBED, wanted, expires=self._known[wanted].expires)
            m.ring()
        self._save(failure=self._memory.failure)

    def _renew(self, subscription: str, wanted: Wanted, *, moved: bool) -> None:
        m = self._m
        try:
            url = m.notification_url if moved else None
            renewed = m.graph.renew(subscription, m.now(), notification_url=url)
        except GraphRefused as refusal:
            if refusal.gone:
                self._create(wanted)  # Graph has forgotten it
                return
            # It lives on for days, and the others must not wait for it.
            self._known[wanted] = replace(self._known[wanted], message=str(refusal))
            self._tell(Event.NOT_SUBSCRIBED, wanted, message=str(refusal))
        else:
            expires = instants.to_text(renewed.expires)
            self._known[wanted] = replace(
                self._known[wanted], expires=expires, posts_to=m.endpoint().posts_to, message=""
            )

    def _delete(self, subscription: str) -> None:
        try:
            self._m.graph.delete(subscription)
        except GraphRefused as refusal:
            if not refusal.gone:
                raise

    def _note_present(self, actual: Iterable[Actual]) -> None:
        """What Graph lists is alive, what it does not list is not."""
        expires = {one.id: instants.to_text(one.expires) for one in actual}
        for wanted, one in self._known.items():
            self._known[wanted] = replace(one, expires=expires.get(one.id, ""), id=one.id if one.id in expires else "")

    def _tell(self, event: Event, wanted: Wanted, **fields: str | float | None) -> None:
        events.emit(event, tenant=self._m.tenant, resource=wanted.resource, change_type=wanted.change_type, **fields)

    def _save(self, *, failure: str) -> None:
        kept = [one for wanted, one in self._known.items() if wanted in self._m.wanted]
        self._memory = Memory(checked=instants.to_text(self._m.now()), failure=failure, subscriptions=kept)
        data = state.encode(self._memory)
        self._lease.check()
        self._etag = self._m.blobs.replace(state.name(self._m.tenant), data, etag=self._etag, lease_id=self._lease.id)


def _is_final(refusal: GraphRefused) -> bool:
    """Whether the resource itself is refused. A permission may be granted, and a webhook mended, within the hour."""
    return refusal.code == "ExtensionError" or (refusal.status == 400 and refusal.code != "ValidationError")
