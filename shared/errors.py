"""The errors of the app, named by what they mean for the caller.

* AppError
  - SettingsError        a setting is missing or wrong: the operator mends it
  - GraphRefused         Graph said no: permission, bad query, gone; the same request fails again
  - GraphUnavailable     throttled, 5xx or no connection for longer than the run may wait: a later run succeeds
  - StorageConflict      another worker holds or moved what this one wanted to write: it stops
  - DataNotUnderstood    an answer or a blob is not what the source says it is: somebody has to look
"""


class AppError(Exception):
    """What happened, to which tenant and source, and what to do, in the message."""

    reason = "error"
    """One fixed word for events and status."""


class SettingsError(AppError):
    """A setting is missing or wrong. The message names it, the form of its value and the fix."""

    reason = "settings"


class GraphRefused(AppError):
    """Graph refused a request that would be refused again.

    ``status`` is the HTTP status, ``code`` Graph's error code (may be empty).
    """

    reason = "refused"

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def gone(self) -> bool:
        """Whether Graph does not offer the resource (any more)."""
        return self.status in (404, 410)


class GraphUnavailable(AppError):
    """Graph could not serve a request for as long as the run could wait."""

    reason = "unavailable"


class StorageConflict(AppError):
    """Another worker was there first, or this one lost its lease."""

    reason = "conflict"


class DataNotUnderstood(AppError):
    """An answer of Graph or a stored blob has not the form it should have."""

    reason = "data"
