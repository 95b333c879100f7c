"""Records' bytes: rendered, overlaid with what was set by hand, and kept for a while."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.simulator.records.document import Record
from local.simulator.sources import Render

_KEPT = 2048
"""So that a small world that is read thousands of times renders each record once."""


class Bodies:
    """The bytes of one set's records."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._fields: dict[int, dict[str, Any]] = {}
        self._kept: dict[tuple[int, int, bool], bytes] = {}

    def amend(self, ordinal: int, fields: Mapping[str, Any]) -> None:
        """Let top-level properties of a record read so from now on."""
        self._fields[ordinal] = {**self._fields.get(ordinal, {}), **fields}
        self._kept.clear()

    def of(self, ordinal: int, revision: int, record: Callable[[], Record], *, known_only: bool) -> bytes:
        """A revision's bytes; ``record`` is asked only if they are not at hand."""
        key = (ordinal, revision, known_only)
        body = self._kept.get(key)
        if body is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            body = self._kept[key] = self._overlaid(ordinal, self._render(record(), known_only=known_only))
        return body

    def _overlaid(self, ordinal: int, body: bytes) -> bytes:
        fields = self._fields.get(ordinal)
        if not fields:
            return body
        return json.dumps(json.loads(body) | fields, ensure_ascii=False, separators=(",", ":")).encode()
