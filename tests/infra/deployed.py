"""What the templates would deploy: the committed snapshots, and the Bicep CLI that keeps them true.

Write them anew after a change of infra/, and review the difference::

    .venv/bin/python -m tests.infra.deployed
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent.parent
INFRA: Final = ROOT / "infra"
MAIN: Final = INFRA / "main.bicep"
HERE: Final = Path(__file__).resolve().parent

SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000001"
TENANT: Final = "00000000-0000-4000-8000-000000000002"
LOCATION: Final = "westeurope"

SETS: Final = ("defaults", "everything", "private", "evidence")
"""The parameter files beside this one."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it would be sent to Azure; what depends on a live one stays an expression."""

    id: str
    type: str
    name: str
    whole: Mapping[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        """What it is like; empty where nothing is said."""
        return dict(self.whole.get("properties", {}))

    @property
    def scope(self) -> str:
        """The resource that this one is on, for locks, roles and diagnostic settings."""
        return self.id.rpartition("/providers/")[0]


@dataclass(frozen=True, slots=True)
class Deployed:
    """All that one set of parameters would deploy."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]
    text: str

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type, in order."""
        return [each for each in self.resources if each.type == kind]

    def one(self, kind: str, name: str = "") -> Resource:
        """The only resource of a type whose name begins so."""
        [found] = [each for each in self.of(kind) if each.name.startswith(name)]
        return found

    @property
    def site(self) -> Resource:
        """The function app."""
        return self.one("Microsoft.Web/sites")

    @property
    def settings(self) -> dict[str, str]:
        """The app settings."""
        listed = self.site.properties["siteConfig"]["appSettings"]
        settings = {each["name"]: each["value"] for each in listed}
        assert len(settings) == len(listed), "an app setting stands there twice"
        return settings

    @property
    def alarms(self) -> dict[str, Resource]:
        """The alarm rules by name."""
        return {each.name: each for each in self.of("Microsoft.Insights/scheduledQueryRules")}


def snapshot(name: str) -> Path:
    """The committed prediction for a set of parameters."""
    return HERE / f"{name}.snapshot.json"


@cache
def deployed(name: str) -> Deployed:
    """What a set of parameters would deploy."""
    text = snapshot(name).read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["diagnostics"] == []
    return Deployed(
        tuple(Resource(each["id"], each["type"], each["name"], each) for each in content["predictedResources"]),
        content["outputs"],
        text,
    )


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a JSON value, with the way to it."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for key, each in value.items():
                yield from strings(each, f"{path}.{key}")
        case list():
            for index, each in enumerate(value):
                yield from strings(each, f"{path}[{index}]")
        case _:
            return


def cli() -> str:
    """The Bicep CLI; the test is skipped where there is none."""
    beside = ROOT.parent / "shared" / "tools" / "bicep"
    if beside.exists():
        return str(beside)
    if found := shutil.which("bicep"):
        return found
    pytest.skip("no Bicep CLI: neither ../shared/tools/bicep nor bicep on PATH")


def bicep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the CLI."""
    return subprocess.run([cli(), *map(str, arguments)], capture_output=True, text=True, check=False)


def take_snapshot(name: str, mode: str) -> subprocess.CompletedProcess[str]:
    """Write a prediction, or compare it with the committed one."""
    return bicep(
        *("snapshot", HERE / f"{name}.bicepparam", "--mode", mode),
        *("--subscription-id", SUBSCRIPTION, "--tenant-id", TENANT, "--location", LOCATION),
    )


@cache
def build() -> subprocess.CompletedProcess[str]:
    """The template as Azure Resource Manager takes it, on standard output."""
    return bicep("build", MAIN, "--stdout")


def template() -> dict[str, Any]:
    """The same, read."""
    content: dict[str, Any] = json.loads(build().stdout)
    return content


def write(name: str) -> None:
    """Write a prediction, with the outputs in order: the CLI has them in another one each time."""
    take_snapshot(name, "overwrite").check_returncode()
    content = json.loads(snapshot(name).read_text(encoding="utf-8"))
    content["outputs"] = dict(sorted(content["outputs"].items()))
    text = json.dumps(content, indent=2, ensure_ascii=False)
    snapshot(name).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    for each in SETS:
        write(each)
