"""Where things lie. Readers depend on these names; they never change.

::

    EXPORT_CONTAINER
      <source>/tenant=<guid>/date=2026-11-23/20261123T041500.000000Z.ndjson.gz     a window, named by its start
      secureScores/tenant=<guid>/date=2026-11-23/secureScore.json
      secureScoreControlProfiles/tenant=<guid>/date=2026-11-23/profiles.ndjson.gz
    STATE_CONTAINER
      checkpoints/<source>/<guid>.json
      marks/<source>/<guid>.json
      subscriptions/<guid>.json, notified/<guid>.json                  named by shared/subscriptions/state.py
      manifests/<source>/tenant=<guid>/date=2026-11-23/<window start>.json
"""

from datetime import date

from shared import instants
from shared.graph.sources import CONTROL_PROFILES, SECURE_SCORES
from shared.instants import Instant

_SNAPSHOTS = {SECURE_SCORES.name: "secureScore.json", CONTROL_PROFILES.name: "profiles.ndjson.gz"}


def window(source: str, tenant: str, start: Instant) -> str:
    """The blob of the window that begins at ``start``."""
    return f"{_day(source, tenant, start)}/{instants.to_stamp(start)}.ndjson.gz"


def of_source(source: str, tenant: str) -> str:
    """What the names of all blobs of a source and tenant begin with."""
    return f"{source}/tenant={tenant}/"


def snapshot(source: str, tenant: str, day: date) -> str:
    """The blob of a day's secure score or control profiles."""
    return f"{_day(source, tenant, instants.from_date(day))}/{_SNAPSHOTS[source]}"


def manifest(source: str, tenant: str, start: Instant) -> str:
    """The manifest of the window, or of the day, that begins at ``start``."""
    return f"manifests/{_day(source, tenant, start)}/{instants.to_stamp(start)}.json"


def checkpoint(source: str, tenant: str) -> str:
    """The state of one source and tenant."""
    return f"checkpoints/{source}/{tenant}.json"


def mark(source: str, tenant: str) -> str:
    """The sign that a scan is wanted."""
    return f"marks/{source}/{tenant}.json"


def _day(source: str, tenant: str, start: Instant) -> str:
    return f"{of_source(source, tenant)}date={instants.to_date(start)}"
