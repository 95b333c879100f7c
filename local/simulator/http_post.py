"""POSTs over the network, as Graph's change notification service makes them."""

import threading
from collections.abc import Mapping

import requests


class HttpPost:
    """A ``Post`` for threads: each has its own connections, kept open between calls; redirects are not followed."""

    def __init__(self) -> None:
        self._own = threading.local()

    def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        # requests' exceptions are OSErrors, as a Post's have to be.
        answer = self._session().post(url, data=body, headers=headers, timeout=timeout_s, allow_redirects=False)
        return answer.status_code, answer.headers, answer.content

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            session.trust_env = False  # no proxy between this machine and itself
        return session
