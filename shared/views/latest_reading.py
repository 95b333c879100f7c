"""The latest view as it is read: its files, and the blobs that are not merged into them yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared.errors import DataNotUnderstood
from shared.storage.blobs import Blobs
from shared.views import latest_news, latest_parquet, latest_progress


@dataclass(frozen=True, slots=True)
class LatestView:
    """Everything that was exported of one source and tenant: of each record the newest revision is in one of these."""

    files: Sequence[str]
    """In VIEWS_CONTAINER."""
    unmerged: Sequence[str]
    """Blobs in EXPORT_CONTAINER. Some may be merged already, since a run dies between files and progress."""


def find(data: Blobs, state: Blobs, views: Blobs, source: str, tenant: str) -> LatestView | None:
    """None where there is no whole view, or what is not in it can't be told, or is gone: then the blobs must do."""
    name = latest_progress.name(source, tenant)
    if (stored := views.read(name)) is None:
        return None
    try:
        if (head := latest_news.head(state, source, tenant)) is None:
            return None
        progress = latest_news.brought_up(views, source, tenant, latest_progress.decode(stored.data, name), head)
        unmerged = latest_news.unmerged(progress, data, state, f"{source}/tenant={tenant}/")
        blobs = [] if progress.rebuild is not None else [blob for blob, _ in unmerged if blob]
    except DataNotUnderstood:
        return None  # publish_latest tells of it, and status of a damaged checkpoint
    if progress.rebuild is not None or not all(data.properties(blob) for blob in blobs):
        return None
    return LatestView([latest_progress.file(source, tenant, month) for month in progress.months], blobs)


def rows(views: Blobs, name: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Some of ``latest_rows.COLUMNS`` of one file, by way of the local disk; times are microseconds since 1970.

    Raises:
        DataNotUnderstood: it is none of the view's files.
    """
    with TemporaryDirectory(prefix="latest-") as folder:
        file = Path(folder) / "latest.parquet"
        with file.open("wb") as opened:
            opened.writelines(views.chunks(name))
        yield from latest_parquet.read(file, columns, name)
