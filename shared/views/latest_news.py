"""Which blobs are not in the latest view yet: along the chain of manifests, so that history costs nothing.

Each manifest names the one before, whatever wrote it: a window, history, or a later comparison. Only a view that is
made from the beginning takes the blobs by their names instead, since these can be gone through from where it stopped.
"""

from collections.abc import Iterator

import msgspec

from shared.errors import DataNotUnderstood
from shared.export.session import stored_checkpoint
from shared.storage.blobs import Blobs
from shared.views import latest_progress
from shared.views.latest_progress import Progress


class _Manifest(msgspec.Struct, frozen=True):
    blob: str
    records: int
    previous_name: str | None = None
    """Absent where the app did not name it yet: what lies before was merged by its blob's name."""


def head(state: Blobs, source: str, tenant: str) -> str | None:
    """The newest manifest that is written; None where nothing was exported, or it is just being written."""
    checkpoint = stored_checkpoint(state, source, tenant)
    if checkpoint is None or checkpoint.last is None or state.properties(checkpoint.last) is None:
        return None
    return checkpoint.last


def brought_up(views: Blobs, source: str, tenant: str, progress: Progress, head: str) -> Progress:
    """What is merged and what is not, now that the chain has grown to ``head``; nothing is where a file is missing."""
    there = {latest_progress.month_of(name) for name in views.names(latest_progress.files(source, tenant))}
    return progress.with_head(head) if there.issuperset(progress.months) else Progress(head=head)


def unmerged(progress: Progress, data: Blobs, state: Blobs, prefix: str) -> Iterator[tuple[str | None, Progress]]:
    """Blobs to be merged, None for an empty one, each with the progress once it is; the latest first.

    ``prefix`` is what the names of all blobs of the source and tenant begin with.

    Raises:
        DataNotUnderstood: a manifest is missing, or is none.
    """
    while progress.stretches:
        manifest = _manifest(state, progress.stretches[0].at)
        progress = progress.past(manifest.previous_name)
        yield manifest.blob if manifest.records else None, progress
    if progress.rebuild is None:
        return
    for name in data.names(prefix):
        if name > progress.rebuild:
            progress = progress.rebuilt(name)
            yield name, progress
    yield None, progress.rebuilt(None)


def _manifest(state: Blobs, name: str) -> _Manifest:
    stored = state.read(name)
    try:
        if stored is None:
            raise ValueError("it is missing")
        return msgspec.json.decode(stored.data, type=_Manifest)
    except ValueError as error:
        what = f"The latest view can't follow the chain past {name} ({error}). Restore it, or delete the view's files"
        raise DataNotUnderstood(f"{what} under latest/: then the next run makes them from the blobs.") from error
