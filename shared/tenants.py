"""The file that ``TENANTS=blob:<name>`` names: a tenant id a line, read while the app runs.

Customers come and go by changing it. A file that is wrong in one line is wrong as a whole: half a list would silently
leave customers out.
"""

from collections.abc import Iterator
from typing import Final

from shared.clock import Clock
from shared.errors import DataNotUnderstood
from shared.setting_forms import GUID
from shared.storage.blobs import Blobs

MOST_BYTES: Final = 1024 * 1024
"""Over 20,000 tenants, with room for comments."""

RECENT_S: Final = 60
"""How old a list may be that decides about a single notification or job."""

_TOLD: Final = 10
"""Wrong lines that an error names."""


def parse(data: bytes, name: str) -> tuple[str, ...]:
    """The tenants of a file, in its order. Blank lines and what follows a ``#`` do not count.

    Raises:
        DataNotUnderstood: it has a wrong line or no tenant; the message names the lines, and never what they say.
    """
    if len(data) > MOST_BYTES:
        raise _wrong(name, f"is longer than {MOST_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")  # editors on Windows write its mark
    except UnicodeDecodeError:
        raise _wrong(name, "is no UTF-8 text") from None
    found: dict[str, int] = {}
    problems: list[str] = []
    for number, entry in _entries(text):
        try:
            tenant = str(GUID.parse(entry))
        except ValueError:
            problems.append(f"line {number} is not {GUID.words}")
            continue
        if tenant in found:
            problems.append(f"line {number} repeats line {found[tenant]}")
        found.setdefault(tenant, number)
    if problems:
        more = len(problems) - _TOLD
        raise _wrong(name, "; ".join(problems[:_TOLD]) + (f"; and {more} more" if more > 0 else ""))
    if not found:
        raise _wrong(name, "names no tenant")
    return tuple(found)


class TenantsFile:
    """The file in STATE_CONTAINER. Threads may share it."""

    def __init__(self, state: Blobs, name: str, clock: Clock) -> None:
        self._state = state
        self._name = name
        self._clock = clock
        self._kept: tuple[float, tuple[str, ...]] | None = None

    def read(self) -> tuple[str, ...]:
        """The tenants as the file is now.

        Raises:
            DataNotUnderstood: there is none, or it is wrong. What was read before is not used in its place.
        """
        at = self._clock.monotonic()
        found = self._state.properties(self._name)
        if found is None:
            raise _wrong(self._name, "is not there")
        if found.size > MOST_BYTES:
            raise _wrong(self._name, f"is longer than {MOST_BYTES} bytes")
        stored = self._state.read(self._name)
        tenants = parse(stored.data if stored else b"", self._name)
        self._kept = (at, tenants)
        return tenants

    def recent(self) -> tuple[str, ...]:
        """The tenants as the file was at most ``RECENT_S`` ago. Raises what ``read`` raises."""
        kept = self._kept
        if kept and self._clock.monotonic() - kept[0] < RECENT_S:
            return kept[1]
        return self.read()


def _entries(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if entry := line.partition("#")[0].strip():
            yield number, entry


def _wrong(name: str, what: str) -> DataNotUnderstood:
    return DataNotUnderstood(
        f"TENANTS is blob:{name}, and that blob of STATE_CONTAINER {what}. Nothing is asked for until it is mended: "
        "one tenant id a line, each once."
    )
