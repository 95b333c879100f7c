"""Route templates and request paths, as ASP.NET Core reads them (functions-bindings-http-webhook-trigger, "Route").

Pure. Templates know literals, ``{name}``, ``{name?}``, ``{*rest}`` and the constraints below; anything else of
ASP.NET's syntax is refused at start, so that it is not silently matched in another way than in Azure.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from local.host.config import WrongConfiguration


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


def _is_integer(bits: int) -> Callable[[str], bool]:
    limit = 2 ** (bits - 1)
    return lambda text: bool(_INTEGER.fullmatch(text)) and -limit <= int(text) < limit


_CONSTRAINTS: Final[dict[str, Callable[[str], bool]]] = {
    "int": _is_integer(32),
    "long": _is_integer(64),
    "guid": _is_guid,
    "bool": lambda text: text.lower() in {"true", "false"},
    "alpha": lambda text: bool(re.fullmatch(r"[A-Za-z]+", text)),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a template that takes what stands there."""

    name: str
    constraints: tuple[str, ...] = ()
    optional: bool = False
    catch_all: bool = False

    def accepts(self, text: str) -> bool:
        """Whether every constraint holds."""
        return all(_CONSTRAINTS[constraint](text) for constraint in self.constraints)


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed route."""

    parts: tuple[str | Parameter, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a template such as ``security/{collection}/{id?}``."""
        return cls(tuple(_part(part, text) for part in text.strip("/").split("/") if part))

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """The parameters that the path's segments give, or None when it is not this route."""
        found: dict[str, str] = {}
        for position, part in enumerate(self.parts):
            given = path[position] if position < len(path) else None
            match part:
                case str():
                    if given is None or given.lower() != part.lower():
                        return None
                case Parameter(catch_all=True):
                    return found | {part.name: "/".join(path[position:])}
                case Parameter():
                    if given is None:
                        return found if part.optional else None
                    if not given or not part.accepts(given):
                        return None
                    found[part.name] = given
        return found if len(path) <= len(self.parts) else None

    @property
    def precedence(self) -> tuple[int, ...]:
        """Routes are tried in ascending order: a literal before a checked parameter before any other."""
        return tuple(_rank(part) for part in self.parts)


def request_path(raw: bytes) -> list[str]:
    """The segments of a request's raw path, decoded once, as Kestrel leaves them.

    ``%2F`` alone stays encoded, so a slash never reaches a function in a parameter
    (https://github.com/dotnet/aspnetcore/issues/4718); ``.`` and ``..`` are resolved, even if they were encoded.

    Raises:
        ValueError: a zero byte, which Kestrel answers with 400.
    """
    segments: list[str] = []
    for encoded in raw.split(b"/")[1:]:
        kept = re.sub(rb"%2[Ff]", lambda match: b"%25" + match[0][1:], encoded)
        segment = unquote_to_bytes(kept).decode("utf-8", errors="replace")
        if "\0" in segment:
            raise ValueError("the path holds a zero byte")
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    return segments[:-1] if segments and not segments[-1] else segments  # a trailing slash is ignored


def _part(text: str, template: str) -> str | Parameter:
    if "{" not in text and "}" not in text:
        return text
    match = re.fullmatch(r"\{(\*{0,2})(\w+)((?::\w+)*)(\??)\}", text)
    if match is None:
        raise WrongConfiguration(f"route {template!r}: the local host cannot read {text!r}")
    stars, name, constraints, optional = match.groups()
    names = tuple(constraints.split(":")[1:])
    if unknown := set(names) - set(_CONSTRAINTS):
        raise WrongConfiguration(f"route {template!r}: the local host has no constraint {', '.join(sorted(unknown))}")
    return Parameter(name, names, optional=bool(optional), catch_all=bool(stars))


def _rank(part: str | Parameter) -> int:
    if isinstance(part, str):
        return 1
    if part.catch_all:
        return 5
    return 2 if part.constraints else 3
