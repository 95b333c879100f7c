"""Where the app's CPU time goes: the same run with a stopwatch at each step's door.

A stopwatch reads its thread's own CPU time, so waiting counts for nothing, and what a step does inside another one is
not counted there again. Doors are passed once a page or a request, never once a record: that would measure the
stopwatch.
"""

import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from threading import Lock, local
from typing import Any, Final

from bench.app import App
from shared.export.keys import Keys
from shared.export.scan import Scan
from shared.export.session import Session
from shared.export.window_blob import BlobWriter
from shared.graph.client import GraphClient, HttpTransport
from shared.graph.pages import PageReader
from shared.graph.reading import Reading
from shared.storage.azure_blobs import AzureBlobs

_DOORS: Final[tuple[tuple[type, str, str], ...]] = (
    (HttpTransport, "send", "HTTP to Graph"),
    (GraphClient, "send", "request budget, token, retries"),
    (PageReader, "page", "pages cut into records, with their keys"),
    (Reading, "_take", "what of a page is new"),
    (Keys, "add", "keys remembered"),
    (BlobWriter, "write", "lines joined"),
    (BlobWriter, "_compress", "gzip"),
    (BlobWriter, "commit", "sha256 and blocks"),
    (Scan, "_export", "the rest of a window: where to read on, duplicates"),
    (Session, "finish", "checkpoint and manifest made"),
    *((AzureBlobs, name, "storage requests") for name in ("stage", "commit", "create", "replace", "properties")),
)


class Stopwatches:
    """CPU seconds by step, over all threads."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._lock = Lock()
        self._thread = local()

    def around(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""

        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            counted_before = getattr(self._thread, "counted", 0.0)
            began = time.thread_time()
            self._thread.counted = 0.0
            try:
                return call(*args, **kwargs)
            finally:
                spent = time.thread_time() - began
                with self._lock:
                    self.seconds[step] += spent - self._thread.counted
                self._thread.counted = counted_before + spent

        return timed


class Anatomy(App):
    """The app with stopwatches."""

    def __init__(self) -> None:
        super().__init__()
        self._watches = Stopwatches()
        for owner, name, step in _DOORS:
            setattr(owner, name, self._watches.around(step, getattr(owner, name)))

    def steps(self) -> dict[str, float]:
        """CPU seconds by step, the longest first."""
        return dict(self._watches.seconds.most_common())
