"""What a person, or the demo, asks the running host and the simulator over HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import requests

from local.proof import Revision
from local.simulator.timestamps import Moment, parse, ticks

_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What ``/api/status`` says of one source."""

    state: str
    records: int
    """Revisions exported so far."""
    complete_until: int | None
    """In ticks; everything that Graph showed before is in blobs."""
    failure: str | None

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Read it; a source that no job has met yet has nothing but a state."""
        until, failure = said.get("complete_until"), said.get("failure")
        return cls(
            state=said["state"],
            records=said.get("records", 0),
            complete_until=parse(until) if until else None,
            failure=failure["message"] if failure else None,
        )

    def complete_since(self, moment: Moment) -> bool:
        """Whether all that happened before ``moment`` is exported."""
        return self.complete_until is not None and self.complete_until >= ticks(moment)


class HostClient:
    """The local host, and the app in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fire(self, function: str) -> None:
        """Start a timer's function now, through the host's admin API."""
        self._post(f"/admin/functions/{function}", {"input": ""})

    def request_export(self, source: str) -> None:
        """Ask for an export as a person does."""
        self._post("/api/export", {"source": source})

    def status(self, tenant: str) -> dict[str, SourceStatus]:
        """Every source of a tenant, by name."""
        answer = requests.get(f"{self.url}/api/status", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return {name: SourceStatus.from_json(said) for name, said in answer.json()["tenants"][tenant].items()}

    def report(self) -> bytes | None:
        """The latest report, once there is one."""
        answer = requests.get(f"{self.url}/api/report", timeout=_TIMEOUT_S)
        if answer.status_code == requests.codes.not_found:
            return None
        answer.raise_for_status()
        return answer.content

    def _post(self, path: str, body: Mapping[str, object]) -> None:
        requests.post(f"{self.url}{path}", json=body, timeout=_TIMEOUT_S).raise_for_status()


class SimulatorClient:
    """The simulator's own endpoints."""

    def __init__(self, url: str) -> None:
        self.url = url

    def lift_throttle(self) -> None:
        """Answer however many requests a minute."""
        self._send("PUT", "throttle", {"requests_per_minute": None})

    def truth(self, source: str) -> list[Revision]:
        """Every revision that ever was."""
        lines = self._send("GET", f"truth/{source}").iter_lines()
        return [_revision(json.loads(line)) for line in lines]

    def change(self, source: str, count: int, seed: int) -> list[Revision]:
        """Make a new revision of up to so many records, picked by the seed."""
        changed = self._send("POST", "change", {"source": source, "count": count, "seed": seed})
        return [_revision(each) for each in changed.json()]

    def amend(self, source: str, record_id: str, fields: Mapping[str, object]) -> None:
        """Let properties of a record read so from now on, without a new revision."""
        self._send("POST", "amend", {"source": source, "id": record_id, "fields": fields})

    def subscriptions(self) -> int:
        """How many subscriptions there are."""
        return len(self._send("GET", "subscriptions").json())

    def notified(self) -> int:
        """How many notifications were taken with a 2xx in time."""
        delivered: int = self._send("GET", "deliveries?last=0").json()["counts"].get("delivered", 0)
        return delivered

    def _send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> requests.Response:
        answer = requests.request(method, f"{self.url}/simulator/{path}", json=body, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer


def _revision(said: Mapping[str, Any]) -> Revision:
    return Revision(said["id"], parse(said["at"]), said["product"])
