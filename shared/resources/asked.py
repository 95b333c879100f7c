"""What a person asks for: a request's parts -> a checked value. Pure."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from shared.export.requests import MOST_BYTES, Refused, exported
from shared.graph.sources import SOURCES, Source
from shared.resources.forms import WORDS
from shared.resources.rules import UPDATABLE, Updatable

MOST_IDS: Final = 100
LONGEST_ID: Final = 512
_LONGEST_IF_MATCH: Final = 512
_LONGEST_NAME: Final = 200
_LONGEST_QUERY: Final = 4096

COMMENT: Final = "comment"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to each record."""

    fields: dict[str, Any]
    """Of the PATCH; empty where there is only a comment."""
    comment: str | None
    """To be posted after it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An update that may be tried."""

    rules: Updatable
    tenant: str
    ids: tuple[str, ...]
    change: Change
    bulk: bool
    """Whether the answer is a list, even of one."""
    dry_run: bool
    if_match: str | None
    requested_by: str | None
    """What the header X-Requested-By says: nobody checked it."""


class _Bulk(msgspec.Struct, forbid_unknown_fields=True):
    ids: list[str]
    change: dict[str, Any]


def update(
    *,
    collection: str,
    id_: str | None,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    tenants: Collection[str],
    home: str,
) -> Asked:
    """Check a PATCH.

    Args:
        collection: the route's first part.
        id_: its second, decoded once as the host does; None where the body names the ids.
        url: the whole URL; its query tells the tenant and whether it is a dry run.
        headers: by lower-case name.
        body: as it came.
        tenants: those that are exported.
        home: the tenant that is meant where none is named.

    Raises:
        Refused: with the reason, and with what is allowed.
    """
    rules = UPDATABLE.get(collection)
    if rules is None:
        raise Refused(f"Only {', '.join(UPDATABLE)} can be updated.", 404)
    query = _query(url)
    if len(body) > MOST_BYTES:
        raise Refused(f"The body is longer than {MOST_BYTES} bytes.", 413)
    if_match = headers.get("if-match")
    _check_if_match(if_match, one=bool(id_))
    ids, given = ([_of_path(id_)], _decoded(body, dict[str, Any])) if id_ else _bulk(_decoded(body, _Bulk))
    change = _change(rules, given)
    if if_match is not None and not change.fields:
        raise Refused("If-Match goes with a change: Graph takes none with a comment.")
    return Asked(
        rules=rules,
        tenant=exported(query.get("tenant", home), tenants),
        ids=tuple(ids),
        change=change,
        bulk=not id_,
        dry_run=_dry_run(query),
        if_match=if_match,
        requested_by=_cleaned(headers.get("x-requested-by")),
    )


@dataclass(frozen=True, slots=True)
class AskedToRead:
    """One record or one page."""

    source: Source
    tenant: str
    id: str | None
    query: str
    """Graph's own options, still encoded."""


def reading(*, collection: str, id_: str | None, url: str, tenants: Collection[str], home: str) -> AskedToRead:
    """Check a GET; the arguments are those of ``update``.

    Raises:
        Refused: with the reason.
    """
    if collection not in SOURCES:
        raise Refused(f"Only {', '.join(SOURCES)} can be read.", 404)
    options = [part for part in urlsplit(url).query.split("&") if unquote(part).startswith("$")]
    query = "&".join(options)
    if len(query) > _LONGEST_QUERY:
        raise Refused(f"Graph's options are longer than {_LONGEST_QUERY} characters.")
    tenant = exported(_query(url).get("tenant", home), tenants)
    return AskedToRead(SOURCES[collection], tenant, _of_path(id_) if id_ else None, query)


def _decoded[T](body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wanted = '{"status": "resolved"} for one record; {"ids": [...], "change": {"status": "resolved"}} for several'
        raise Refused(f"The body must be JSON of this form: {wanted}. {error}") from error


def _bulk(body: _Bulk) -> tuple[list[str], dict[str, Any]]:
    if not 1 <= len(body.ids) <= MOST_IDS:
        raise Refused(f"ids must name 1 to {MOST_IDS} records; these are {len(body.ids)}.")
    if len(set(body.ids)) < len(body.ids):
        raise Refused("ids must name each record once.")
    for id_ in body.ids:
        _check_id(id_)
    return body.ids, body.change


def _change(rules: Updatable, given: dict[str, Any]) -> Change:
    allowed = {**rules.fields, **({COMMENT: WORDS} if rules.comments else {})}
    if unknown := sorted(given.keys() - allowed.keys()):
        named = ", ".join(name[:_LONGEST_NAME] for name in unknown[:10])
        raise Refused(f"{rules.source.name}: {named} cannot be updated. Allowed are {', '.join(sorted(allowed))}.")
    if not given:
        raise Refused(f"There is nothing to change. Allowed are {', '.join(sorted(allowed))}.")
    if wrong := [f"{name} must be {allowed[name].words}" for name in given if not allowed[name].fits(given[name])]:
        raise Refused(f"{rules.source.name}: {'; '.join(wrong)}.")
    if not rules.comments:
        return Change(given, None)
    return Change({name: value for name, value in given.items() if name != COMMENT}, given.get(COMMENT))


def _of_path(id_: str) -> str:
    # The host decodes a parameter once but leaves %2F in it (https://github.com/dotnet/aspnetcore/issues/4718).
    if "%2f" in id_.lower():
        raise Refused("An id has no slash in it.")
    _check_id(id_)
    return id_


def _check_id(id_: str) -> None:
    if not id_ or len(id_) > LONGEST_ID:
        raise Refused(f"An id has 1 to {LONGEST_ID} characters.")
    if id_ in (".", "..") or "/" in id_ or any(unicodedata.category(char).startswith("C") for char in id_):
        raise Refused("An id is one segment of a path: not . or .., without a slash and without control characters.")


def _check_if_match(value: str | None, *, one: bool) -> None:
    if value is None:
        return
    if not value or len(value) > _LONGEST_IF_MATCH or not value.isascii() or not value.isprintable():
        raise Refused(f"If-Match must be an ETag of at most {_LONGEST_IF_MATCH} printable ASCII characters, or *.")
    if not one and value != "*":
        raise Refused("If-Match names the state of one record: it cannot hold for several ids.")


def _query(url: str) -> dict[str, str]:
    """The query by lower-case name: ``?dryrun`` must not be overlooked, and the host leaves out what is empty."""
    pairs = [(name.lower(), value) for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    names = [name for name, _ in pairs]
    if twice := [name for name in ("dryrun", "tenant") if names.count(name) > 1]:
        raise Refused(f"{' and '.join(twice)} may be given once.")
    return dict(pairs)


def _dry_run(query: Mapping[str, str]) -> bool:
    text = query.get("dryrun", "false").lower()
    if text not in ("true", "false"):
        raise Refused("dryRun must be true or false.")
    return text == "true"


def _cleaned(text: str | None) -> str | None:
    """Foreign text that may stand in a record: one line, not too long."""
    if text is None:
        return None
    visible = "".join(char if not unicodedata.category(char).startswith("C") else " " for char in text)
    return " ".join(visible.split())[:_LONGEST_NAME] or None
