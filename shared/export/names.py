"""Where things lie. Readers depend on these names; they never change.

::

    EXPORT_CONTAINER
      <source>/tenant=<guid>/date=2026-11-23/20261123T041500.000000Z.ndjson.gz     a window, named by its start
      <source>/tenant=<guid>/date=2026-11-23/reconcile-1.ndjson.gz                 what was found missing later
      secureScores/tenant=<guid>/date=2026-11-23/secureScore.json
      secureScoreControlProfiles/tenant=<guid>/date=2026-11-23/profiles.ndjson.gz
    STATE_CONTAINER
      checkpoints/<source>/<guid>.json
      marks/<source>/<guid>.json
      subscriptions/<guid>.json, notified/<guid>.json                  named by shared/subscriptions/state.py
      manifests/<source>/tenant=<guid>/date=2026-11-23/<window start>.json          and reconcile-1.json
"""

from datetime import date

from shared import instants
from shared.graph.sources import CONTROL_PROFILES, SECURE_SCORES
from shared.instants import Instant

_WINDOW = ".ndjson.gz"
_SNAPSHOTS = {SECURE_SCORES.name: "secureScore.json", CONTROL_PROFILES.name: "profiles.ndjson.gz"}


def day(source: str, tenant: str, at: Instant) -> str:
    """What the names of all blobs of the day begin with."""
    return f"{of_source(source, tenant)}date={instants.to_date(at)}/"


def window(source: str, tenant: str, start: Instant) -> str:
    """The blob of the window that begins at ``start``."""
    return f"{day(source, tenant, start)}{instants.to_stamp(start)}{_WINDOW}"


def of_source(source: str, tenant: str) -> str:
    """What the names of all blobs of a source and tenant begin with."""
    return f"{source}/tenant={tenant}/"


def reconciled(source: str, tenant: str, at: Instant, number: int) -> str:
    """The blob of what was found missing of a day, the ``number``-th one, from 1 on."""
    return f"{day(source, tenant, at)}reconcile-{number}{_WINDOW}"


def snapshot(source: str, tenant: str, of: date) -> str:
    """The blob of a day's secure score or control profiles."""
    return f"{day(source, tenant, instants.from_date(of))}{_SNAPSHOTS[source]}"


def manifest(source: str, tenant: str, start: Instant) -> str:
    """The manifest of the window, or of the day, that begins at ``start``."""
    return f"manifests/{day(source, tenant, start)}{instants.to_stamp(start)}.json"


def reconciled_manifest(source: str, tenant: str, at: Instant, number: int) -> str:
    """The manifest of ``reconciled``."""
    return f"manifests/{day(source, tenant, at)}reconcile-{number}.json"


def manifests(source: str, tenant: str) -> str:
    """What the names of all manifests begin with."""
    return f"manifests/{source}/tenant={tenant}/"


def manifests_of(folder: str) -> str:
    """What the names of the manifests begin with whose blobs' names begin with ``folder``."""
    return f"manifests/{folder}"


def manifest_of(blob: str) -> str:
    """The name of a blob's manifest."""
    folder, _, file = blob.rpartition("/")
    stem = file.removesuffix(_WINDOW)
    if file in _SNAPSHOTS.values():
        stem = f"{folder.rpartition('=')[2].replace('-', '')}T000000.000000Z"
    return f"manifests/{folder}/{stem}.json"


def blob_of(manifest: str) -> str:
    """The name of a manifest's blob."""
    folder, _, file = manifest.removeprefix("manifests/").rpartition("/")
    snapshot = _SNAPSHOTS.get(folder.partition("/")[0])
    return f"{folder}/{snapshot or file.removesuffix('.json') + _WINDOW}"


def is_reconciled(name: str) -> bool:
    """Whether a blob, or a manifest, is one of what was found missing later."""
    return name.rpartition("/")[2].startswith("reconcile-")


def checkpoint(source: str, tenant: str) -> str:
    """The state of one source and tenant."""
    return f"checkpoints/{source}/{tenant}.json"


def mark(source: str, tenant: str) -> str:
    """The sign that a scan is wanted."""
    return f"marks/{source}/{tenant}.json"
