"""``alertComment`` collections, grown by one with each update."""

import json

_KEPT = 3
_TEXTS = ('Siehe Ticket "4711" - prüfen', "Benign? See <b>wiki</b>\nthen close", "終了 ✔")


def comments(stage: int, at: str) -> str:
    """The latest comments of a record that was updated ``stage`` times, as JSON."""
    if not stage:
        return "[]"
    return json.dumps(
        [
            {
                "comment": f"{_TEXTS[number % len(_TEXTS)]} (#{number})",
                "createdByDisplayName": "Zoë Müller",
                "createdDateTime": at,
            }
            for number in range(max(0, stage - _KEPT), stage)
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
