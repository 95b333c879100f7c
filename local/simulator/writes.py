"""Answers to writes: PATCH of a record, and POST of a comment; each one that succeeds is a new revision."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from local.simulator.changes import Author, invalid, read_change, read_comment
from local.simulator.entity_set import EntitySet
from local.simulator.errors import Refusal
from local.simulator.faults import SourceFaults
from local.simulator.reads import Answered, Reads, find, finish
from local.simulator.timestamps import text, ticks
from local.simulator.wire import Request
from local.simulator.write_rules import RULES

_REPRESENTATION: Final = "return=representation"


class Writes:
    """Changes records as apps ask for it.

    Args:
        reads: renders what is answered.
        now: tells the time, aware.
    """

    def __init__(self, reads: Reads, now: Callable[[], datetime]) -> None:
        self._reads = reads
        self._now = now

    def patch(
        self, request: Request, record_id: str, records: EntitySet, faults: SourceFaults, *, writer: str
    ) -> Answered:
        """Change a record; ``writer`` is named in what is written.

        Raises:
            Refusal: nothing was written.
            ConnectionResetError: a fault loses the answer; it was written.
        """
        ordinal = find(record_id, records, faults)
        rules, asked = RULES[records.source.name], _body(request)
        if reason := rules.refuse(records.product(ordinal), record_id):
            raise Refusal(400, "notSupported", reason)
        author, moment = self._author(records, ordinal, writer)
        fields = read_change(rules, asked, json.loads(records.render(ordinal)), author)
        _check_match(request, records.etag(ordinal))
        self._write(records, record_id, moment, fields, faults)
        status, headers, body = self._reads.item(request, ordinal, records, faults)
        if not rules.by_vendor:
            return status, headers, body
        if request.prefers(_REPRESENTATION):
            return status, {**headers, "Preference-Applied": _REPRESENTATION}, body
        return 204, headers, b""

    def comment(
        self, request: Request, record_id: str, records: EntitySet, faults: SourceFaults, *, writer: str
    ) -> Answered:
        """Add a comment to a record, and answer all that it has; raises as ``patch`` does."""
        ordinal = find(record_id, records, faults)
        author, moment = self._author(records, ordinal, writer)
        fields = read_comment(_body(request), json.loads(records.render(ordinal)), author)
        self._write(records, record_id, moment, fields, faults)
        context = self._reads.context(records.source, f"('{record_id}')/comments")
        value = json.dumps(fields["comments"], ensure_ascii=False).encode()
        return 200, {}, finish(b'{%b,"value":%b}' % (context, value), faults)

    def _author(self, records: EntitySet, ordinal: int, writer: str) -> tuple[Author, int]:
        """Now, or a tick after the present revision where that would be later."""
        moment = max(ticks(self._now()), records.at(ordinal) + 1)
        return Author(writer, text(moment)), moment

    def _write(
        self, records: EntitySet, record_id: str, moment: int, fields: Mapping[str, Any], faults: SourceFaults
    ) -> None:
        records.write(record_id, moment, fields)
        if faults.lose_write_answers > 0:
            faults.lose_write_answers -= 1
            raise ConnectionResetError("a fault loses the answer to this write")


def _body(request: Request) -> dict[str, Any]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise invalid("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    try:
        asked = json.loads(request.body)
        json.dumps(asked, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise invalid("Unable to read JSON request payload.") from None
    if not isinstance(asked, dict):
        raise invalid("Unable to read JSON request payload: it must be an object.")
    return asked


def _check_match(request: Request, etag: str) -> None:
    if request.headers.get("if-match", "*") not in {"*", etag}:
        raise Refusal(
            412,
            "resourceModified",
            "The resource being updated has changed since the caller last read it, usually an eTag mismatch.",
        )
