"""Forms that the fields of an update may have. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """What a field takes."""

    words: str
    """For whoever sent something else."""
    fits: Callable[[object], bool]


def one_of(*values: str) -> Form:
    """One of these, as they are written."""
    return Form(f"one of {', '.join(values)}", lambda value: value in values)


def or_null(form: Form) -> Form:
    """The same, or null, which takes the value away."""
    return Form(f"{form.words}, or null", lambda value: value is None or form.fits(value))


def list_of(form: Form) -> Form:
    """Any number of these."""
    return Form(f"a list, each {form.words}", lambda value: isinstance(value, list) and all(map(form.fits, value)))


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_dictionary(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(inner, str) for inner in value.values())


def _names_vendor(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(named := value.get(name), str) and named for name in ("provider", "vendor")
    )


TEXT: Final = Form("text", lambda value: isinstance(value, str))
TEXT_OR_NULL: Final = or_null(TEXT)
WORDS: Final = Form("text that is not empty", lambda value: isinstance(value, str) and bool(value.strip()))
MOMENT: Final = Form("a time such as 2026-11-23T04:15:00Z", _is_moment)
DICTIONARY: Final = Form("an object whose values are text", _is_dictionary)
OBJECT: Final = Form("an object", lambda value: isinstance(value, dict))
VENDOR: Final = Form("an object with provider and vendor", _names_vendor)
