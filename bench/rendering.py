"""What a report costs: seconds and memory, and how both grow with what was exported."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from gzip import compress
from itertools import groupby
from json import dumps
from typing import Final

import msgspec
from azure.storage.blob import BlobServiceClient, ContainerClient

from bench.history import END
from bench.report import Section, ratio_of
from bench.rounds import Series, take_turns
from bench.sample import Sample
from local.azurite import Azurite
from local.child import ROOT
from local.simulator.entity_set import EntitySet
from local.simulator.history import Spread
from local.simulator.sources import SOURCES
from local.simulator.timestamps import text
from local.stack import TENANT
from shared.export import checkpoint as checkpoints
from shared.export import names
from shared.export.checkpoint import LIVE, Checkpoint, Lane

_ALERTS: Final = "alerts_v2"


@dataclass(frozen=True)
class Exported:
    """How much was exported, and where it lies."""

    name: str
    days: int
    controls: int
    revisions: int
    viewed: bool = False
    """Whether the latest view is there."""

    @property
    def container(self) -> str:
        """The containers' common stem."""
        return f"report-{self.days}-{self.controls}-{self.revisions}-{self.viewed}".lower()


FULL: Final = Exported("3 years", 3 * 365, 400, 200_000)
VIEWED: Final = replace(FULL, name="3 years, and the latest view", viewed=True)
TENTH: Final = Exported("a tenth of it", 3 * 365 // 10, 40, 20_000)

_ALL: Final = (FULL, VIEWED, TENTH)


def rendering(azurite: Azurite, rounds: int) -> Section:
    """Render the report of both histories, in turns, each time in a process of its own."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as account:
        for exported in _ALL:
            _write(account, exported)
    _work(azurite, VIEWED, "latest")
    series = take_turns({exported.name: partial(_work, azurite, exported, "report") for exported in _ALL}, rounds)
    full, viewed, tenth = series.values()
    rows = [_row(exported, series[exported.name]) for exported in _ALL]
    text_ = (
        "The whole of `render_report` for one tenant: blobs read, page made and kept. "
        f"Goal for {FULL.name}: under 10 s and 300 MiB, with the latest view and without. {rounds} rounds."
    )
    head = ("history", "score days", "controls", "alert revisions", "wall s, median", "min", "idle MiB", "peak MiB")
    ratios = [
        ratio_of(full.wall_s(), tenth.wall_s(), "wall time: report of 3 years / of a tenth of it"),
        ratio_of(viewed.wall_s(), full.wall_s(), "wall time: report of 3 years with the latest view / without"),
        ratio_of((full.peak_mib(),) * 2, (tenth.peak_mib(),) * 2, "peak memory: report of 3 years / of a tenth of it"),
    ]
    return Section("The report", text_, head, rows, ratios)


def _row(exported: Exported, series: Series) -> list[str]:
    median, minimum = series.wall_s()
    counts = [f"{count:,}" for count in (exported.days, exported.controls, exported.revisions)]
    idle = max(sample.idle_mib for sample in series.samples)
    return [exported.name, *counts, f"{median:.2f}", f"{minimum:.2f}", f"{idle:.0f}", f"{series.peak_mib():.0f}"]


def _work(azurite: Azurite, exported: Exported, what: str) -> Sample:
    """A contestant's work in a process of its own, which must know of all alerts."""
    settings = {
        "TENANT_ID": TENANT,
        "EXPORT_STORAGE": azurite.connection_string,
        "AzureWebJobsStorage": azurite.connection_string,
        "EXPORT_CONTAINER": exported.container,
        "STATE_CONTAINER": f"{exported.container}-state",
        "VIEWS_CONTAINER": f"{exported.container}-views",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.worker", what],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{what} failed:\n{done.stderr.decode(errors='replace')}")
    sample = msgspec.json.decode(done.stdout.splitlines()[-1], type=Sample)
    if sample.records != exported.revisions:
        raise RuntimeError(f"{what} tells of {sample.records} alerts of {exported.revisions}")
    return sample


def _write(account: BlobServiceClient, exported: Exported) -> None:
    for suffix in ("", "-state", "-views"):
        account.create_container(f"{exported.container}{suffix}")
    with account.get_container_client(exported.container) as data:
        for name, content in (*_scores(exported), *_profiles(exported)):
            data.upload_blob(name, content)
        newest = _write_alerts(data, exported)
    if exported.viewed:
        _write_chain(account, exported, newest)


def _controls(exported: Exported) -> list[str]:
    return [f"control_{number}" for number in range(exported.controls)]


def _scores(exported: Exported) -> Iterator[tuple[str, bytes]]:
    """One score a day; every day one control more is adopted, and the first begin anew when all are."""
    for number in range(exported.days):
        day = END.date() - timedelta(days=exported.days - number)
        scores = [10.0 if index < number % exported.controls else 2.5 for index in range(exported.controls)]
        content = {
            "id": f"{TENANT}_{day}",
            "createdDateTime": f"{day}T00:00:00Z",
            "currentScore": sum(scores),
            "maxScore": 10.0 * exported.controls,
            "averageComparativeScores": [
                {"basis": basis, "averageScore": 40.0 + number % 10}
                for basis in ("AllTenants", "TotalSeats", "IndustryTypes")
            ],
            "controlScores": [
                {
                    "controlCategory": "Identity",
                    "controlName": control,
                    "description": "Legacy protocols cannot ask for a second factor.",
                    "score": score,
                    "scoreInPercentage": score * 10,
                    "implementationStatus": "You have 12 of 4,000 users that are not covered.",
                }
                for control, score in zip(_controls(exported), scores, strict=True)
            ],
        }
        yield f"secureScores/tenant={TENANT}/date={day}/secureScore.json", dumps(content).encode()


def _profiles(exported: Exported) -> Iterator[tuple[str, bytes]]:
    lines = [
        dumps(
            {
                "id": control,
                "title": f"Require a second factor, {control}",
                "maxScore": 10.0,
                "controlCategory": "Identity",
                "service": "AzureAD",
                "implementationCost": "Moderate",
                "userImpact": "Low",
                "controlStateUpdates": [{"state": "Default", "updatedDateTime": "2026-01-01T00:00:00Z"}],
            }
        ).encode()
        for control in _controls(exported)
    ]
    day = END.date() - timedelta(days=1)
    name = f"secureScoreControlProfiles/tenant={TENANT}/date={day}/profiles.ndjson.gz"
    yield name, compress(b"\n".join([*lines, b""]))


def _write_chain(account: BlobServiceClient, exported: Exported, newest: str) -> None:
    """A checkpoint and the newest manifest: a view that is made from the beginning reads no more of the chain."""
    manifest = names.manifest_of(newest)
    first = Checkpoint(
        source=_ALERTS, tenant=TENANT, first_start=f"{END:%Y-%m-%d}T00:00:00Z", lanes={LIVE: Lane.beginning(0)}
    )
    after = first.with_manifest(manifest, {"blob": newest, "records": 1}, 1)
    with account.get_container_client(f"{exported.container}-state") as state:
        state.upload_blob(manifest, after.manifest.text if after.manifest else "")
        state.upload_blob(names.checkpoint(_ALERTS, TENANT), checkpoints.encode(after))


def _write_alerts(data: ContainerClient, exported: Exported) -> str:
    """A window a day, as a quiet tenant has them; the records are the simulator's. Returns the newest blob's name."""
    name = ""
    start = END - timedelta(days=exported.days)
    records = EntitySet(SOURCES[_ALERTS], TENANT, Spread.over(exported.revisions, start, END, seed=1))

    def day(ordinal: int) -> date:
        return date.fromisoformat(text(records.at(ordinal))[:10])

    for at, ordinals in groupby(range(exported.revisions), day):
        lines = b"".join(records.render(ordinal) + b"\n" for ordinal in ordinals)
        name = f"{_ALERTS}/tenant={TENANT}/date={at}/{at:%Y%m%d}T000000.000000Z.ndjson.gz"
        data.upload_blob(name, compress(lines, compresslevel=1))
    return name
