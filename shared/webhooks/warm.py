"""Waking our own webhook before Graph asks it for validation, which it does within 10 s and only once."""

import logging
from urllib.parse import urlsplit

from shared.graph.client import Transport

_log = logging.getLogger(__name__)


def warm(transport: Transport, url: str) -> None:
    """Send the webhook a validation request of our own. What comes of it is Graph's to judge, so it only warns."""
    separator = "&" if urlsplit(url).query else "?"
    try:
        answer = transport.send("POST", f"{url}{separator}validationToken=warm", {}, b"")
    except OSError as error:
        _log.warning("The webhook could not be warmed: %s", type(error).__name__)
    else:
        if answer.status != 200:
            _log.warning("The webhook answered %d to a validation request: check its URL and key.", answer.status)
