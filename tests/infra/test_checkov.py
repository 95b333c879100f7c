"""checkov finds nothing in what would be deployed that has no written reason.

It reads the predicted resources: its parser for Bicep does not know the language of today, and in the compiled template
it does not look into modules.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.infra.deployed import INFRA, ROOT, SETS, deployed

REASONS: Final[dict[str, dict[str, str]]] = json.loads((INFRA / "checkov.json").read_text(encoding="utf-8"))

SWITCHED: Final = {
    "without privateNetwork": ("defaults", "evidence"),
    "without evidence": ("defaults", "private"),
    "with privateNetwork": ("private", "everything"),
}
"""Findings that a parameter takes away or brings, and the sets of parameters that have them."""


def cli() -> str:
    """checkov; the test is skipped where there is none."""
    own = ROOT / ".checkov" / "bin" / "checkov"
    if own.exists():
        return str(own)
    if found := shutil.which("checkov"):
        return found
    pytest.skip("no checkov: neither .checkov/bin/checkov nor checkov on PATH")


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The checks that fail, by set of parameters; asked for once, since starting takes seconds."""
    folder = tmp_path_factory.mktemp("checkov")
    for name in SETS:
        template = {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": [dict(each.whole) for each in deployed(name).resources],
        }
        (folder / f"{name}.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    done = subprocess.run(
        [cli(), "--directory", folder, "--framework", "arm", "--skip-download", "--quiet", "--output", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0, done.stderr
    found: dict[str, set[str]] = {name: set() for name in SETS}
    for check in report["results"]["failed_checks"]:
        found[Path(check["file_path"]).stem].add(check["check_id"])
    return found


@pytest.mark.parametrize("name", SETS)
def test_each_finding_has_a_reason_and_each_reason_a_finding(name: str, findings: dict[str, set[str]]) -> None:
    """What infra/checkov.json does not excuse fails here, and so does an excuse that nothing needs any more."""
    excused = set(REASONS["always"])
    for when, names in SWITCHED.items():
        if name in names:
            excused |= set(REASONS[when])
    assert findings[name] == excused


def test_reasons_are_written() -> None:
    """Each says why, and no finding is excused twice."""
    assert REASONS.keys() == {"always", *SWITCHED}
    every = [(check, reason) for listed in REASONS.values() for check, reason in listed.items()]
    assert len({check for check, _ in every}) == len(every)
    assert [check for check, reason in every if not reason.endswith(".")] == []
