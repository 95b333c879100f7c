"""From the body of a write to the properties that it sets; pure."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from local.simulator.errors import Refusal
from local.simulator.write_rules import CONTROL_CHANGE, Rules

_COMMENT_TYPE: Final = "microsoft.graph.security.alertComment"


class Author(NamedTuple):
    """Who writes, and when, as it stands in what is written."""

    name: str
    at: str


def read_change(rules: Rules, asked: Mapping[str, Any], record: Mapping[str, Any], author: Author) -> dict[str, Any]:
    """The top-level properties that a PATCH sets, with those that Graph then sets by itself.

    Raises:
        Refusal: 400.
    """
    if rules.by_vendor:
        _check_vendor(asked.get("vendorInformation"), record["vendorInformation"])
        asked = {name: value for name, value in asked.items() if name != "vendorInformation"}
    fields = _read(rules, asked)
    if "controlStateUpdates" in record:
        return _with_state_update(fields, record["controlStateUpdates"], author)
    if "status" in fields and "resolvedDateTime" in record:
        ended = (record["resolvedDateTime"] or author.at) if fields["status"] == "resolved" else None
        return {**fields, "resolvedDateTime": ended}
    return fields


def read_comment(asked: Mapping[str, Any], record: Mapping[str, Any], author: Author) -> dict[str, Any]:
    """The comments that a record has with the one that is posted.

    Raises:
        Refusal: 400.
    """
    if str(asked.get("@odata.type", _COMMENT_TYPE)).removeprefix("#") != _COMMENT_TYPE:
        raise invalid(f"A type named '{asked['@odata.type']}' could not be resolved; {_COMMENT_TYPE} was expected.")
    if unknown := _names(asked) - {"comment"}:
        raise _no_property(min(unknown), _COMMENT_TYPE)
    comment = asked.get("comment")
    if not isinstance(comment, str) or not comment.strip():
        raise _wrong("comment", "a string that is not empty")
    added = {"comment": comment, "createdByDisplayName": author.name, "createdDateTime": author.at}
    return {"comments": [*record["comments"], added]}


def invalid(message: str) -> Refusal:
    """400 for a body."""
    return Refusal(400, "BadRequest", message)


def _names(asked: Mapping[str, Any]) -> set[str]:
    """The names of the properties; annotations say nothing here."""
    return {name for name in asked if not name.startswith("@odata.")}


def _read(rules: Rules, asked: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := _names(asked) - rules.fields.keys():
        raise _no_property(min(unknown), rules.odata_type)
    fields = {}
    for name in sorted(rules.fields.keys() & asked.keys()):
        try:
            fields[name] = rules.fields[name](asked[name])
        except ValueError as problem:
            raise _wrong(name, str(problem)) from None
    return fields


def _check_vendor(named: Any, own: Mapping[str, Any]) -> None:
    for member in ("provider", "vendor"):
        if not isinstance(named, dict) or not named.get(member):
            raise invalid(f"vendorInformation/{member} is required.")
        if named[member] != own[member]:
            raise invalid(f"vendorInformation/{member} is not the one of this resource.")


def _with_state_update(fields: Mapping[str, Any], updates: list[dict[str, Any]], author: Author) -> dict[str, Any]:
    """The states that a control had, and the one that is asked for: flat, or as the last one of a list."""
    flat = {name: value for name, value in fields.items() if name in CONTROL_CHANGE}
    listed = fields.get("controlStateUpdates")
    if flat and listed:
        raise invalid("A state stands in controlStateUpdates or beside it, not in both.")
    change = listed[-1] if listed else flat
    if not change:
        return {}
    entry = {**updates[-1], **change, "updatedBy": author.name, "updatedDateTime": author.at}
    return {"controlStateUpdates": [*updates, entry]}


def _no_property(name: str, odata_type: str) -> Refusal:
    return invalid(
        f"The property '{name}' does not exist on type '{odata_type}' or cannot be updated. "
        "Make sure to only use property names that are defined by the type."
    )


def _wrong(name: str, wanted: str) -> Refusal:
    return invalid(f"Invalid value specified for property '{name}': it must be {wanted}.")
