"""Which revisions are kept already: digests of the overlap's records, grouped by minute so that old ones go."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping

from shared import instants
from shared.graph.pages import KEY_BYTES, Row
from shared.instants import MINUTE, Instant


class Keys:
    """A set of revisions, forgetful by age."""

    def __init__(self, minutes: Mapping[Instant, Iterable[bytes]] | None = None) -> None:
        self._minutes: dict[Instant, set[bytes]] = {m: set(keys) for m, keys in (minutes or {}).items()}

    @staticmethod
    def complete_from(end: Instant, overlap: Instant) -> Instant:
        """From where on keys must know everything after a window with this end: the overlap, in whole minutes."""
        return instants.floor(end - overlap, MINUTE)

    def __contains__(self, row: Row) -> bool:
        return row.key in self._minutes.get(instants.floor(row.at, MINUTE), ())

    def add(self, rows: Iterable[Row]) -> None:
        """Remember these revisions."""
        for row in rows:
            self._minutes.setdefault(instants.floor(row.at, MINUTE), set()).add(row.key)

    def merged(self, other: "Keys") -> "Keys":
        """Both sets in a new one."""
        both = Keys(self._minutes)
        for minute, keys in other._minutes.items():  # noqa: SLF001
            both._minutes.setdefault(minute, set()).update(keys)
        return both

    def forget_before(self, instant: Instant) -> None:
        """Drop whole minutes that lie before the instant."""
        for minute in [m for m in self._minutes if m + MINUTE <= instant]:
            del self._minutes[minute]

    def to_json(self) -> dict[str, str]:
        """Minute -> its digests, sorted and joined, in base64."""
        return {
            instants.to_text(minute): b64encode(b"".join(sorted(keys))).decode()
            for minute, keys in sorted(self._minutes.items())
        }

    @classmethod
    def from_json(cls, minutes: Mapping[str, str]) -> "Keys":
        """Read what ``to_json`` wrote."""
        joined = {instants.from_text(minute): b64decode(text) for minute, text in minutes.items()}
        return cls(
            {
                minute: {keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES)}
                for minute, keys in joined.items()
            }
        )
