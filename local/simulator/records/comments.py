"""``alertComment`` collections, grown by one with each revision."""

import json

_KEPT = 3
_TEXTS = ('Siehe Ticket "4711" - prüfen', "Benign? See <b>wiki</b>\nthen close", "終了 ✔")


def comments(revision: int, at: str) -> str:
    """The latest comments of a record's ``revision``-th revision, as JSON."""
    if not revision:
        return "[]"
    return json.dumps(
        [
            {
                "comment": f"{_TEXTS[number % len(_TEXTS)]} (#{number})",
                "createdByDisplayName": "Zoë Müller",
                "createdDateTime": at,
            }
            for number in range(max(0, revision - _KEPT), revision)
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
