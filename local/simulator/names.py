"""The ids of a set's records, both ways."""

from local.simulator.history import dice
from local.simulator.sources import Source


class Names:
    """Ids by ordinal and ordinals by id; holds only the ids that cannot be computed."""

    def __init__(self, source: Source, tenant_id: str, seed: int) -> None:
        self._source = source
        self._tenant_id = tenant_id
        self._seed = seed
        self._ids: dict[int, str] = {}
        self._ordinals: dict[str, int] = {}

    def add(self, ordinal: int, first_at: int, record_id: str | None) -> None:
        """Take up a new record, called ``record_id`` or as the source calls its records.

        Raises:
            ValueError: another record has the id, or JSON would have to escape it.
        """
        if record_id is None:
            if self._source.ordinal_of:
                return
            record_id = self.of(ordinal, first_at)
        if record_id in self._ordinals:
            raise ValueError(f"{record_id} exists")
        if not record_id.isprintable() or not {'"', "\\"}.isdisjoint(record_id):
            raise ValueError(f"{record_id!r} needs escaping in JSON")
        self._ids[ordinal] = record_id
        self._ordinals[record_id] = ordinal

    def of(self, ordinal: int, first_at: int) -> str:
        """The id of a record that was created at ``first_at``."""
        named = self._ids.get(ordinal)
        if named is not None:
            return named
        return self._source.id_of(self._tenant_id, dice(self._seed, ordinal), ordinal, first_at)

    def ordinal(self, record_id: str) -> int | None:
        """The ordinal that an id stands or would stand for; the caller checks that there is such a record."""
        held = self._ordinals.get(record_id)
        if held is None and self._source.ordinal_of:
            return self._source.ordinal_of(record_id)
        return held
