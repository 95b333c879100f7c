"""What a path under ``/v1.0/security/`` names, and what may be done with it."""

from typing import Final, NamedTuple
from urllib.parse import unquote

from local.simulator.errors import Refusal
from local.simulator.sources import SOURCES, Source
from local.simulator.write_rules import RULES

_ROOT: Final = "/v1.0/security/"


class Target(NamedTuple):
    """An entity set, one of its records, or a record's comments."""

    source: Source
    record_id: str | None = None
    comments: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be asked of it."""
        if self.comments:
            return ("POST",)
        if self.record_id is not None and self.source.name in RULES:
            return ("GET", "PATCH")
        return ("GET",)


def read_path(path: str) -> Target:
    """The target of a request.

    Raises:
        Refusal: 400, the answer that Graph has for a segment that it does not know.
    """
    name, *rest = path.removeprefix(_ROOT).split("/") if path.startswith(_ROOT) else [path]
    source = SOURCES.get(name)
    if source is None:
        raise _unknown(name)
    match rest:
        case []:
            return Target(source)
        case [record_id] if record_id:
            return Target(source, unquote(record_id))
        case [record_id, "comments"] if record_id and name in RULES and RULES[name].commented:
            return Target(source, unquote(record_id), comments=True)
    raise _unknown("/".join(rest))


def _unknown(segment: str) -> Refusal:
    return Refusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
