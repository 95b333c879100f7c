"""The whole of a request: every record of an update, and the bell; or one reading."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec
from azure.core.exceptions import AzureError

from shared.export.edges import Edges
from shared.graph.answers import Answer
from shared.graph.client import Call, Tally
from shared.resources.asked import Asked, AskedToRead
from shared.resources.outcome import Outcome
from shared.resources.update import update

AT_ONCE: Final = 4
BUDGET_S: Final = 110.0
"""Nothing begins later than this. Azure cuts an HTTP answer off after 230 s (functions-bindings-http-webhook-trigger,
"Limits"), and what begins at the last moment may take the client's timeouts of 110 s."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; its body is JSON."""

    status: int
    body: bytes


class _Counts(msgspec.Struct, frozen=True):
    ok: int
    failed: int


class _Several(msgspec.Struct, frozen=True):
    results: list[Outcome]
    counts: _Counts
    bell: str | None


def update_all(asked: Asked, edges: Edges, ring: Callable[[], None]) -> Reply:
    """Update every record that was asked for, a few at once, and ring the bell once if the export should look."""
    until = edges.clock.monotonic() + BUDGET_S
    with edges.pool(AT_ONCE) as pool:
        results = list(pool.map(lambda id_: update(asked, id_, edges, until), asked.ids))
    wanted = asked.rules.bell and any(each.done.touched for each in results)
    bell = _rung(ring) if wanted else None
    if asked.bulk:
        ok = sum(each.status < 400 for each in results)
        several = _Several(results, _Counts(ok, len(results) - ok), bell)
        return Reply(200, msgspec.json.encode(several))
    [one] = results
    return Reply(one.status, msgspec.json.encode(msgspec.structs.replace(one, bell=bell)))


def read(asked: AskedToRead, edges: Edges) -> Answer:
    """What Graph shows, as it came.

    Raises:
        AppError: Graph refused, or could not serve it.
    """
    path = asked.source.path + (f"/{quote(asked.id, safe='')}" if asked.id else "")
    url = f"{edges.graph.base_url}{path}" + (f"?{asked.query}" if asked.query else "")
    until = edges.clock.monotonic() + BUDGET_S
    return edges.graph.send(asked.tenant, Call("GET", url, path, asked.source.permission), tally=Tally(), until=until)


def _rung(ring: Callable[[], None]) -> str:
    try:
        ring()
    except AzureError as error:
        return f"not rung ({type(error).__name__}); the next tick exports the new revision"
    return "rung"
