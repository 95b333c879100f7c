"""The templates compile without a warning, and the committed snapshots show what they would deploy."""

import re

import pytest

from tests.infra.deployed import INFRA, MAIN, SETS, bicep, build, deployed, take_snapshot


def test_it_compiles_without_a_warning() -> None:
    """Whoever deploys sees no message that they would have to judge."""
    done = build()
    assert (done.returncode, done.stderr) == (0, "")


def test_the_linter_finds_nothing() -> None:
    """The rules that Microsoft recommends hold."""
    done = bicep("lint", MAIN)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", SETS)
def test_the_snapshot_is_true(name: str) -> None:
    """A review sees what a change would deploy; write them anew with ``python -m tests.infra.deployed``."""
    done = take_snapshot(name, "validate")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SETS)
def test_names_are_known_beforehand(name: str) -> None:
    """No name is an expression, so that the tests here, and a preview before a deployment, read real names.

    Only the cloud knows the names of its DNS zones.
    """
    unknown = [each for each in deployed(name).resources if "[" in each.name + each.id]
    assert [each.name for each in unknown if "Network/privateDnsZones" not in each.type] == []


def test_every_part_is_in_this_repository() -> None:
    """No module from a registry: those are fetched at build, and change under us."""
    for path in INFRA.rglob("*.bicep"):
        used = re.findall(r"^(?:module \w+|using|import .* from|extension) '([^']+)'", path.read_text(), re.MULTILINE)
        assert [target for target in used if ":" in target or not (path.parent / target).is_file()] == []


@pytest.mark.parametrize("name", SETS)
def test_everything_can_be_told_by_its_tags(name: str) -> None:
    """What can carry tags carries those of azd, and the app the one by which azd finds it."""
    found = deployed(name)
    tagged = [each for each in found.resources if "tags" in each.whole]
    assert all(each.whole["tags"]["azd-env-name"] == "snapshot" for each in tagged)
    assert {each.type for each in found.resources if "location" in each.whole} <= {each.type for each in tagged}
    assert [each.name for each in tagged if "azd-service-name" in each.whole["tags"]] == [found.site.name]


LENGTHS = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](-?[a-zA-Z0-9]){2,23}",
    "Microsoft.Web/sites": r"[a-zA-Z0-9-]{2,60}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9_-]{3,128}",
    "Microsoft.Insights/actionGroups": r"[a-zA-Z0-9_-]{1,260}",
}
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""


@pytest.mark.parametrize("kind", LENGTHS)
def test_names_are_valid(kind: str) -> None:
    """Azure takes the names of what is named for all the world."""
    found = deployed("everything").of(kind)
    assert found
    assert [each.name for each in found if not re.fullmatch(LENGTHS[kind], each.name)] == []
