"""The scripts as azd runs them: real processes in their own folder, as azure.yaml and requirements.txt say."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.infra.hooks.arm_standin import lock
from tests.infra.hooks.cloud import PRINCIPAL, Cloud

ROOT: Final = Path(__file__).parents[3]
HOOKS: Final = ROOT / "infra" / "hooks"
SCRIPTS: Final = ("preprovision", "postprovision", "postdeploy", "predown", "grant_graph_roles")
PACKAGES: Final = ("azure-identity", "requests", "tenacity")


def run(cloud: Cloud, script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script as azd does: its folder is the working directory, the environment in the variables."""
    done = subprocess.run(
        [sys.executable, str(HOOKS / f"{script}.py"), *arguments],
        cwd=HOOKS,
        env=cloud.process_env(more),
        capture_output=True,
        text=True,
        timeout=60,
    )
    cloud.told(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
    return done


def test_from_nothing_to_running(real_cloud: Cloud) -> None:
    """All hooks, one after the other."""
    before = run(real_cloud, "preprovision")
    assert (before.returncode, before.stderr) == (0, "")
    provisioned = run(real_cloud, "postprovision")
    assert (provisioned.returncode, provisioned.stderr) == (0, "")
    assert real_cloud.graph.directory.granted(PRINCIPAL) == {"SecurityAlert.Read.All", "SecurityEvents.Read.All"}
    deployed = run(real_cloud, "postdeploy")
    assert (deployed.returncode, deployed.stderr) == (0, "")
    assert "Status: healthy" in deployed.stdout
    real_cloud.arm.locks = [lock("keep-the-data", "CanNotDelete")]
    down = run(real_cloud, "predown")
    assert (down.returncode, down.stderr) == (1, "")
    assert "az lock delete" in down.stdout


def test_exit_codes_of_processes(real_cloud: Cloud) -> None:
    """What azd, and a person's script, go by; a reason to stop goes to standard error."""
    wrong = run(real_cloud, "preprovision", WEBHOOKS="maybe")
    assert (wrong.returncode, "WEBHOOKS must be true or false" in wrong.stdout) == (1, True)
    real_cloud.sign_in_reader()
    assert run(real_cloud, "grant_graph_roles", "--sources", "incidents").returncode == 3
    real_cloud.sign_out()
    down = run(real_cloud, "predown")
    assert down.returncode == 1
    assert "Stopped: no token for" in down.stderr
    assert "azd auth login" in down.stderr
    assert down.stderr.count("AzureDeveloperCliCredential") == 1


def test_what_a_console_cannot_show_is_written_out(real_cloud: Cloud) -> None:
    """A Windows code page lacks letters that Azure's words may hold; a hook does not die of it."""
    real_cloud.arm.locks = [lock("ключ", "CanNotDelete")]
    down = run(real_cloud, "predown", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert down.returncode == 1
    assert "\\u043a" in down.stdout


@pytest.mark.parametrize("name", ["__init__", *SCRIPTS])
def test_an_older_python_can_read_what_tells_it_so(name: str) -> None:
    """Down to 3.9, the grammar of the scripts and of the package's first file."""
    ast.parse((HOOKS / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 9))


def test_an_older_python_is_told_so_first() -> None:
    """Before anything that it could not import."""
    code = (
        f"import sys; sys.version_info = (3, 11, 9); sys.path.insert(0, {str(ROOT)!r}); import infra.hooks.postdeploy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HOOKS)
    assert done.returncode == 1
    assert "Python 3.12 or newer is needed" in done.stderr
    assert "is 3.11." in done.stderr


def test_packages_that_are_missing_are_told(tmp_path: Path) -> None:
    """A person who runs the script alone is told what to install."""
    done = subprocess.run(
        [sys.executable, "-S", str(HOOKS / "grant_graph_roles.py")], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "requests, tenacity, azure.identity" in done.stderr
    assert "pip install -r infra/hooks/requirements.txt" in done.stderr


def test_the_hooks_need_no_more_than_their_own_packages() -> None:
    """azd's virtual environment has none of the app's others."""
    imported = ", ".join(f"infra.hooks.{name}" for name in SCRIPTS)
    code = f"import sys, {imported}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert {"requests", "tenacity", "azure", "shared"} <= loaded
    assert loaded.isdisjoint({"msgspec", "isal", "duckdb", "starlette", "tests", "local"})
    assert "azure.storage" not in done.stdout.split()


def pins(path: Path) -> dict[str, str]:
    """Version by package."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_pins_are_the_apps() -> None:
    """One version of a package in the whole project; each with its reason."""
    own, app = pins(HOOKS / "requirements.txt"), pins(ROOT / "requirements.txt")
    assert tuple(sorted(own)) == PACKAGES
    assert own == {name: app[name] for name in PACKAGES}
    lines = (HOOKS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all("  # " in line for line in lines if "==" in line)


def test_azd_runs_what_is_there() -> None:
    """azure.yaml names each hook's script and none that does not exist, and all of them are run alike."""
    text = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    named = dict(re.findall(r"^  (\w+):\n    run: (\S+)$", text, re.MULTILINE))
    assert named == {hook: f"./infra/hooks/{hook}.py" for hook in SCRIPTS if hook != "grant_graph_roles"}
    assert all((ROOT / script).is_file() for script in named.values())
    for line in ("    kind: python\n", "    interactive: true", "      virtualEnvName: .venv"):
        assert text.count(line) == len(named), line
