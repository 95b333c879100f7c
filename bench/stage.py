"""Where contestants run: storage and a simulated Graph on this machine, spoken to over real HTTP."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

import msgspec
import requests
from azure.storage.blob import BlobServiceClient

from bench.history import DAYS, END
from bench.sample import Sample
from local.child import ROOT
from local.stack import TENANT, Azurite, simulator

_RUNS = count(1)
_SLOWEST_RUN_S = 1800


@dataclass(frozen=True)
class Stage:
    """A Graph with so many alerts, and storage to export them to."""

    azurite: Azurite
    graph_url: str
    secret: str
    alerts: int

    def run(self, contestant: str, settings: Mapping[str, str] | None = None) -> Sample:
        """Let a contestant work once, in a process of its own and with empty containers."""
        with self.containers() as run:
            return self.run_in(run, contestant, settings)

    def run_in(
        self, run: str, contestant: str, settings: Mapping[str, str] | None = None, *, whole: bool = True
    ) -> Sample:
        """Let it work in the containers of this run.

        Raises:
            RuntimeError: it failed, or did not bring all alerts although the ``whole`` of them is to be had.
        """
        done = subprocess.run(
            [sys.executable, "-m", "bench.worker", contestant],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **self._environment(run), **(settings or {})},
            capture_output=True,
            timeout=_SLOWEST_RUN_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{contestant} failed:\n{done.stderr.decode(errors='replace')}")
        sample = msgspec.json.decode(done.stdout.splitlines()[-1], type=Sample)
        if whole and sample.records != self.alerts:
            raise RuntimeError(f"{contestant} brought {sample.records} alerts of {self.alerts}")
        return sample

    @contextmanager
    def containers(self) -> Iterator[str]:
        """Empty containers, deleted afterwards."""
        run = f"run-{next(_RUNS):04d}-{uuid4().hex[:6]}"
        with BlobServiceClient.from_connection_string(self.azurite.connection_string) as blobs:
            for name in _containers(run):
                blobs.create_container(name)
            yield run
            for name in _containers(run):
                blobs.delete_container(name)

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        """Call one of the simulator's own endpoints."""
        answer = requests.request(method, f"{self.graph_url}/simulator/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer

    def _environment(self, run: str) -> dict[str, str]:
        data, state, views = _containers(run)
        return {
            "TENANT_ID": TENANT,
            "GRAPH_BASE_URL": self.graph_url,
            "IDENTITY_ENDPOINT": f"{self.graph_url}/identity/token",
            "IDENTITY_HEADER": self.secret,
            "EXPORT_STORAGE": self.azurite.connection_string,
            "AzureWebJobsStorage": self.azurite.connection_string,
            "EXPORT_CONTAINER": data,
            "STATE_CONTAINER": state,
            "VIEWS_CONTAINER": views,
            "EXPORT_LOOKBACK_DAYS": str(DAYS),
            "EXPORT_CONCURRENCY": "4",
            "RUN_BUDGET_SECONDS": "540",
            "GRAPH_REQUESTS_PER_MINUTE": "60000",
        }


@contextmanager
def stage(azurite: Azurite, alerts: int, cache_pages: int = 0) -> Iterator[Stage]:
    """A Graph of so many alerts over the history's days, without its request limit.

    ``cache_pages``: pages kept ready once they have been asked for, so that the client is measured and not the
    simulator.
    """
    secret = secrets.token_urlsafe()
    data: dict[str, int | str] = {
        "alerts": alerts,
        "incidents": 0,
        "legacy": 0,
        "days": DAYS,
        "end": END.isoformat(),
        "cache-pages": cache_pages,
    }
    with simulator(tenant=TENANT, secret=secret, data=data) as graph:
        made = Stage(azurite, graph.url, secret, alerts)
        made.control("PUT", "throttle", {"requests_per_minute": None})
        yield made


def _containers(run: str) -> tuple[str, str, str]:
    return run, f"{run}-state", f"{run}-views"
