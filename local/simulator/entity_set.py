"""One entity set of a tenant: its records, each revision that ever was, and what may happen to them."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from local.simulator.bodies import Bodies
from local.simulator.history import EMPTY, History, dice
from local.simulator.names import Names
from local.simulator.products import Product, product_called
from local.simulator.records.document import Record
from local.simulator.sources import Source
from local.simulator.state import State
from local.simulator.timeline import ALWAYS, Place, Timeline, Window
from local.simulator.timestamps import Moment, ticks

_CHUNK = 1000

type ChangeType = Literal["created", "updated"]


class Revision(NamedTuple):
    """A revision as a reader may have seen it."""

    id: str
    at: str
    """The cursor's value, exactly as served."""
    product: str


class EntitySet:
    """Generated records (computed) and what changed since (held).

    A federated source has one timeline a product, any other has one. Ordinals of several timelines
    interleave: ordinal ``n * parts + part`` is record ``n`` of timeline ``part``.
    """

    def __init__(self, source: Source, tenant_id: str, history: History = EMPTY) -> None:
        self.source = source
        self.tenant_id = tenant_id
        self.version = 0
        """Grows with every change."""
        self.watchers: list[Callable[[EntitySet, ChangeType, int], None]] = []
        """Told of each new revision: what happened, and to which ordinal."""
        self._seed = history.seed
        self._parts = len(source.products) if source.federated else 1
        self._timelines = [Timeline(history.share(part, self._parts)) for part in range(self._parts)]
        self._created = [0] * self._parts
        self._states: dict[int, State] = {}
        self._log: list[Place] = []  # every revision that was not generated, as it happened
        self._products: dict[int, Product] = {}
        self._bodies = Bodies(source.render)
        self._names = Names(source, tenant_id, history.seed)
        if source.ordinal_of is None:
            for n in range(history.count):
                self._names.add(n, history.at(n), None)

    # What happens to records

    def create(self, at: Moment, *, product: str | None = None, id: str | None = None) -> str:  # noqa: A002
        """Add a record whose cursor is ``at`` (in the past: a late arrival) and return its id.

        Args:
            at: when; may tie with other records.
            product: any of its names; by default the seed picks one.
            id: by default made as the source makes ids; no quotes, backslashes or control characters.

        Raises:
            ValueError: the source has no such product, or the id cannot be given.
        """
        chosen = product_called(product, self.source.products) if product else None
        part = self.source.products.index(chosen) if chosen and self.source.federated else len(self._log) % self._parts
        moment = ticks(at)
        ordinal = (self._timelines[part].history.count + self._created[part]) * self._parts + part
        self._names.add(ordinal, moment, id)
        self._created[part] += 1
        if chosen and not self.source.federated:
            self._products[ordinal] = chosen
        self._put(ordinal, State.first(moment))
        self._tell("created", ordinal)
        return self.id_of(ordinal)

    def update(self, record_id: str, at: Moment, fields: Mapping[str, Any] | None = None) -> None:
        """Make a new revision: the record leaves its place and stands at ``at``.

        Args:
            record_id: which.
            at: its new cursor.
            fields: top-level properties that read so from now on.

        Raises:
            KeyError: no such record.
            ValueError: it stands at ``at`` already, so a reader could not tell the revisions apart.
        """
        self._revise(record_id, ticks(at), fields, State.updated)

    def write(self, record_id: str, at: Moment, fields: Mapping[str, Any]) -> None:
        """Make a new revision in which ``fields`` and the cursor are new, and nothing else; otherwise as ``update``."""
        self._revise(record_id, ticks(at), fields, State.written)

    def amend(self, record_id: str, fields: Mapping[str, Any]) -> None:
        """Let top-level properties read so, without a new revision: a score of -1, an empty comparison."""
        ordinal = self._present(record_id)
        self._bodies.amend(ordinal, fields)
        self.version += 1

    def remove(self, record_id: str) -> None:
        """Let a record be gone; its revisions stay in the truth."""
        ordinal = self._present(record_id)
        state = self._state(ordinal)
        self._timeline(ordinal).take(self._place(ordinal, state.at))
        self._states[ordinal] = state._replace(removed=True)
        self.version += 1

    def change(self, count: int, *, seed: int, at: Moment) -> list[Revision]:
        """Update up to ``count`` records, picked by ``seed``, at ``at`` (a tick later where that is taken)."""
        pick = random.Random(seed)
        total = len(self)
        ordinals = [self._ordinal_at(position) for position in pick.sample(range(total), min(count, total))]
        for ordinal in ordinals:
            moment = ticks(at)
            self.update(self.id_of(ordinal), moment + (moment == self._state(ordinal).at))
        return [self._revision(ordinal, self._state(ordinal).at) for ordinal in ordinals]

    # What there is

    def __len__(self) -> int:
        return sum(len(timeline) for timeline in self._timelines)

    def revisions(self) -> Iterator[Revision]:
        """Every revision that ever was, superseded and removed ones too; streamed."""
        for part, timeline in enumerate(self._timelines):
            for n in range(timeline.history.count):
                yield self._revision(n * self._parts + part, timeline.history.at(n))
        for at, ordinal in self._log:
            yield self._revision(ordinal, at)

    def current(self) -> Iterator[Revision]:
        """The revisions that Graph shows now; streamed."""
        for part in range(self._parts):
            offset = 0
            while places := self.places(part, ALWAYS, offset=offset, limit=_CHUNK):
                yield from (self._revision(ordinal, at) for at, ordinal in places)
                offset += len(places)

    def revision(self, record_id: str) -> Revision:
        """A record's present revision.

        Raises:
            KeyError: no such record.
        """
        ordinal = self._present(record_id)
        return self._revision(ordinal, self._state(ordinal).at)

    # What a list reads

    @property
    def parts(self) -> int:
        """How many providers are asked, each for its own page."""
        return self._parts

    def product(self, ordinal: int) -> Product:
        """The product that raised a record."""
        if self.source.federated:
            return self.source.products[ordinal % self._parts]
        chosen = self._products.get(ordinal)
        return chosen or self.source.products[(dice(self._seed, ordinal) >> 40) % len(self.source.products)]

    def count(self, part: int, window: Window) -> int:
        """How many records of a part stand in a window."""
        return self._timelines[part].count(window)

    def places(
        self,
        part: int,
        window: Window,
        *,
        offset: int,
        limit: int,
        descending: bool = False,
        keep: Callable[[Place], bool] | None = None,
    ) -> list[Place]:
        """Up to ``limit`` places of a part after the first ``offset``; of those kept, if ``keep`` is given."""
        timeline = self._timelines[part]
        if keep is None:
            found = timeline.places(window, offset=offset, limit=limit, descending=descending)
            return [(at, n * self._parts + part) for at, n in found]
        kept: list[Place] = []
        position = 0
        while len(kept) < offset + limit and (
            found := timeline.places(window, offset=position, limit=_CHUNK, descending=descending)
        ):
            position += len(found)
            kept += filter(keep, ((at, n * self._parts + part) for at, n in found))
        return kept[offset : offset + limit]

    def render(self, ordinal: int, *, known_only: bool = False) -> bytes:
        """A present record's bytes."""
        state = self._state(ordinal)

        def record() -> Record:
            return Record(
                self._names.of(ordinal, state.first_at),
                ordinal,
                state.stage,
                state.stage_at,
                state.at,
                state.first_at,
                dice(self._seed, ordinal),
                self._seed,
                ordinal // self._parts < self._timeline(ordinal).history.count,
                self.product(ordinal),
                self.tenant_id,
            )

        return self._bodies.of(ordinal, state.revision, record, known_only=known_only)

    def find(self, record_id: str) -> int | None:
        """The ordinal of a present record."""
        ordinal = self._names.ordinal(record_id)
        if ordinal is None or not self._exists(ordinal) or self.id_of(ordinal) != record_id:
            return None
        return None if self._state(ordinal).removed else ordinal

    def id_of(self, ordinal: int) -> str:
        """The id of a record."""
        return self._names.of(ordinal, self._state(ordinal).first_at)

    def at(self, ordinal: int) -> int:
        """Ticks of a record's present revision."""
        return self._state(ordinal).at

    def etag(self, ordinal: int) -> str:
        """Names a record's present revision to ``If-Match``."""
        state = self._state(ordinal)
        return f'W/"{state.revision:x}-{state.at:x}"'

    def picked(self, count: int, *, seed: int) -> list[int]:
        """The ordinals of ``count`` present records, picked by ``seed``; the same one may come again."""
        pick, total = random.Random(seed), len(self)
        return [self._ordinal_at(pick.randrange(total)) for _ in range(count)] if total else []

    # Bookkeeping

    def _present(self, record_id: str) -> int:
        ordinal = self.find(record_id)
        if ordinal is None:
            raise KeyError(record_id)
        return ordinal

    def _exists(self, ordinal: int) -> bool:
        n, part = divmod(ordinal, self._parts)
        return 0 <= n < self._timelines[part].history.count + self._created[part]

    def _revise(
        self, record_id: str, moment: int, fields: Mapping[str, Any] | None, step: Callable[[State, int], State]
    ) -> None:
        ordinal = self._present(record_id)
        state = self._state(ordinal)
        if moment == state.at:
            raise ValueError(f"{record_id} is of {self.source.time_text(moment)} already")
        if fields:
            self._bodies.amend(ordinal, fields)
        self._timeline(ordinal).take(self._place(ordinal, state.at))
        self._put(ordinal, step(state, moment))
        self._tell("updated", ordinal)

    def _put(self, ordinal: int, state: State) -> None:
        self._states[ordinal] = state
        self._timeline(ordinal).put(self._place(ordinal, state.at))
        self._log.append((state.at, ordinal))
        self.version += 1

    def _tell(self, change: ChangeType, ordinal: int) -> None:
        for watcher in self.watchers:
            watcher(self, change, ordinal)

    def _timeline(self, ordinal: int) -> Timeline:
        return self._timelines[ordinal % self._parts]

    def _place(self, ordinal: int, at: int) -> Place:
        """A place in the record's own timeline, which counts its ordinals without gaps."""
        return at, ordinal // self._parts

    def _ordinal_at(self, position: int) -> int:
        for part, timeline in enumerate(self._timelines):
            if position < len(timeline):
                return self.places(part, ALWAYS, offset=position, limit=1)[0][1]
            position -= len(timeline)
        raise IndexError(position)

    def _state(self, ordinal: int) -> State:
        state = self._states.get(ordinal)
        if state is None:
            at = self._timeline(ordinal).history.at(ordinal // self._parts)
            state = State.first(at)
        return state

    def _revision(self, ordinal: int, at: int) -> Revision:
        return Revision(self.id_of(ordinal), self.source.time_text(at), self.product(ordinal).name)
