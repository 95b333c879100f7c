"""What became of one update, and how it is told. Pure."""

from enum import StrEnum
from typing import Final

import msgspec

from shared.errors import AppError, GraphRefused, GraphUnavailable, SettingsError


class Done(StrEnum):
    """What became of a change, or of a comment."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "not known"
    """It was sent, and no answer told what became of it."""
    NOT_ASKED = "not asked for"


class Parts(msgspec.Struct, frozen=True):
    """The two things that one update may ask for."""

    change: Done
    comment: Done

    @property
    def touched(self) -> bool:
        """Whether Graph's record may be another than before."""
        return any(part in (Done.DONE, Done.UNKNOWN) for part in (self.change, self.comment))


class Request(msgspec.Struct, frozen=True):
    """A request to Graph as a dry run shows it: all but the token."""

    method: str
    path: str
    headers: dict[str, str]
    body: msgspec.Raw


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the answer."""

    id: str
    status: int
    """HTTP status; where two things were asked for, that of the one that failed."""
    done: Parts
    error: str | None = None
    """Why something was not done, or what is not known."""
    warnings: list[str] = []
    """What went wrong around something that was done."""
    effect: str | None = None
    """What an update does for the product that the record comes from."""
    audit: str | None = None
    """The blob in STATE_CONTAINER; None where nothing was sent."""
    would_send: list[Request] | msgspec.UnsetType = msgspec.UNSET
    """On a dry run only."""
    bell: str | msgspec.UnsetType | None = msgspec.UNSET
    """Whether the export was told; of one of several the whole answer says it."""
    resource: msgspec.Raw | None = None
    """The record as Graph shows it afterwards; on a dry run, as it is. As Graph sent it."""


_NOT_OUR_401: Final = 502
"""What Graph answers to the app's own token says nothing of the caller's key."""


def status_of(error: AppError) -> int:
    """The HTTP status that tells a caller of ours what an error means to them."""
    match error:
        case GraphRefused(status=status) if 400 <= status < 500 and status != 401:
            return status
        case GraphUnavailable():
            return 503
        case SettingsError():
            return 500
        case _:
            return _NOT_OUR_401
