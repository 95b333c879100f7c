"""What the app asked and wrote in one run, seen from outside: the simulator's journal and the blobs."""

from itertools import groupby
from typing import Any
from urllib.parse import quote

from azure.storage.blob import ContainerClient

from bench.floor import Window
from bench.stage import Stage

_JOURNAL = 1000
"""As many requests as the simulator remembers."""


def record(stage: Stage) -> list[Window]:
    """Run the app once, and tell its windows in order.

    Raises:
        RuntimeError: it asked more than the simulator remembers.
    """
    stage.control("DELETE", "requests")
    with stage.containers() as run:
        stage.run_in(run, "app")
        with ContainerClient.from_connection_string(stage.azurite.connection_string, run) as container:
            blobs = [
                (blob.name, container.download_blob(blob.name).readall(), int((blob.metadata or {})["records"]))
                for blob in container.list_blobs(include=["metadata"])
            ]
    asked = stage.control("GET", f"requests?last={_JOURNAL}").json()["last"]
    if len(asked) >= _JOURNAL:
        raise RuntimeError("The app asked for more pages than the simulator's journal holds: use fewer alerts.")
    asked.sort(key=_end)  # stable: within a window as asked
    pages = [[_url(request) for request in requests] for _, requests in groupby(asked, _end)]
    return [Window(urls, *blob) for urls, blob in zip(pages, sorted(blobs), strict=True)]


def _end(request: dict[str, Any]) -> str:
    """The end of the window that a request belongs to: all requests of a window have it in their filter."""
    return str(request["query"]["$filter"]).rpartition(" lt ")[2]


def _url(request: dict[str, Any]) -> str:
    query = "&".join(f"{name}={value}" for name, value in request["query"].items())
    return f"{request['path']}?{quote(query, safe='$=&:')}"
