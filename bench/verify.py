"""How fast what was exported is verified, beside ``sha256sum`` of the same files."""

import os
import resource
import subprocess
import time
from functools import partial
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from bench.report import Section, ratio_of
from bench.rounds import Series, take_turns
from bench.sample import Sample
from bench.stage import Stage, stage
from local.azurite import Azurite

_ALERTS = 200_000


def verify(azurite: Azurite, folder: Path, rounds: int, alerts: int = _ALERTS) -> Section:
    """Goal: at most twice as long as ``sha256sum``."""
    downloaded = folder / "downloaded"
    with stage(azurite, alerts) as graph, graph.containers() as run:
        graph.run_in(run, "app")
        size = _download(graph, run, downloaded)
        settings = {"BENCH_DOWNLOADED": str(downloaded)}
        series = take_turns(
            {
                "sha256sum": partial(_sha256sum, downloaded / "data"),
                "sha256, gunzip, count lines": partial(graph.run_in, run, "unpacker", settings),
                "verify": partial(graph.run_in, run, "verifier", settings),
            },
            rounds,
        )
    summed, unpacked, verified = series.values()
    ratios = (
        ratio_of(verified.wall_s(), summed.wall_s(), "wall time: verify / sha256sum", at_most=2),
        ratio_of(unpacked.wall_s(), summed.wall_s(), "wall time: sha256, gunzip, count lines / sha256sum"),
    )
    rows = [_row(name, taken, size) for name, taken in series.items()]
    text = (
        f"{alerts:,} alerts of 30 days, {size / 1e6:.1f} MB compressed, as files in memory; {rounds} rounds. "
        f"`verify` works with {os.process_cpu_count()} processes, which are there when its time is taken (the "
        "command starts them at 64 MB); its peak is the sum of them."
    )
    head = ("", "wall s, median", "min", "CPU s, median", "min", "MB/s", "peak MiB")
    return Section("Verify", text, head, rows, ratios)


def _download(graph: Stage, run: str, folder: Path) -> int:
    """Both containers as files; the bytes of the data."""
    size = 0
    with BlobServiceClient.from_connection_string(graph.azurite.connection_string) as service:
        for container, into in ((run, "data"), (f"{run}-state", "state")):
            client = service.get_container_client(container)
            for name in client.list_blob_names():
                file = folder / into / name
                file.parent.mkdir(parents=True, exist_ok=True)
                written = file.write_bytes(client.download_blob(name).readall())
                size += written if into == "data" else 0
    return size


def _sha256sum(folder: Path) -> Sample:
    files = [str(file) for file in folder.rglob("*") if file.is_file()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(["sha256sum", *files], stdout=subprocess.DEVNULL, check=True)  # noqa: S607
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall_s=wall, cpu_s=cpu)


def _row(name: str, series: Series, size: int) -> list[str]:
    seconds = [f"{value:.3f}" for pair in (series.wall_s(), series.cpu_s()) for value in pair]
    peak = f"{series.peak_mib():.0f}" if series.peak_mib() else ""
    return [name, *seconds, f"{size / 1e6 / series.wall_s()[0]:.0f}", peak]
