"""The floor: the same requests, as many at once, and the same compressed bytes uploaded; nothing in between."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from bench import edge


class Window(msgspec.Struct, frozen=True):
    """What the app did for one blob."""

    urls: list[str]
    """Relative to Graph's root, in the order asked."""
    blob: str
    data: bytes
    records: int


def save(windows: list[Window], file: Path) -> None:
    """Keep a recording for the floor's processes."""
    file.write_bytes(msgspec.msgpack.encode(windows))


class Floor:
    """Replays a recording of the app's run."""

    def __init__(self) -> None:
        self._concurrency = int(os.environ["EXPORT_CONCURRENCY"])
        self._graph = os.environ["GRAPH_BASE_URL"]
        self._http = edge.session(self._concurrency)
        self._container = edge.container()
        self._windows = msgspec.msgpack.decode(Path(os.environ["BENCH_RECORDING"]).read_bytes(), type=list[Window])

    def work(self) -> None:
        with ThreadPoolExecutor(self._concurrency) as pool:
            for _ in pool.map(self._window, self._windows):
                pass

    def records(self) -> int:
        return sum(window.records for window in self._windows)

    def _window(self, window: Window) -> None:
        for url in window.urls:
            edge.get(self._http, f"{self._graph}{url}")
        self._container.upload_blob(window.blob, window.data)
