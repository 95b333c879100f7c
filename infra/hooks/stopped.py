"""Why a hook cannot go on; the message says what to do."""


class Stopped(Exception):
    """A hook ends here, with exit code 1."""


class Refused(Stopped):
    """A service said no, and would say so again.

    ``status`` is the HTTP status; ``code`` and ``words`` are the service's own.
    """

    def __init__(self, message: str, *, status: int, code: str, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.words = words


class Unavailable(Stopped):
    """No usable answer for as long as a hook may wait."""
