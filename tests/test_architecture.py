"""Who may know whom, what a cold start loads, and what is deployed."""

import ast
import json
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

ROOMS: Final = (
    ("function_app",),
    ("functions", "shared.replay", "shared.verify"),
    ("shared.wiring",),
    ("shared.status_reading", "shared.views", "shared.resources"),
    ("shared.status", "shared.subscriptions"),
    ("shared.export", "shared.webhooks", "shared.tenants"),
    ("shared.graph", "shared.storage"),
    (
        "shared.identity",
        "shared.settings",
        "shared.setting_forms",
        "shared.events",
        "shared.clock",
        "shared.instants",
    ),
    ("shared.errors",),
)
"""From the top down: a room imports itself and those below, but none beside it. Only the base is one room in parts."""

BASE: Final = ROOMS[-2]

DEPLOYED: Final = {"function_app.py", "functions", "shared", "host.json", "requirements.txt", "constraints.txt"}

ONLY: Final = {
    "requests": "shared/graph/client.py",
    "azure.storage": "shared/storage/*",
    "azure.identity": "shared/identity.py",
    "azure.functions": "function*",
    "msal": "nobody",
    "jinja2": "shared/views/report.py",
    "pygal": "shared/views/charts.py",
    "duckdb": "shared/views/latest_parquet.py",
}
"""Packages that belong to one place of what is deployed."""

NOT_AT_START: Final = (
    *("azure.identity", "azure.storage", "azure.core", "msal", "requests", "duckdb"),
    *("jinja2", "pygal", "rich"),
)


def sources(*places: str) -> list[Path]:
    """The Python files of these files and folders, relative to the project."""
    found = [path for place in places for path in [ROOT / place, *(ROOT / place).rglob("*.py")] if path.suffix == ".py"]
    assert found
    return [path.relative_to(ROOT) for path in found]


def module(path: Path) -> str:
    """The name by which a file is imported."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Everything that a file imports, wherever in it, as ``package.module`` or ``package.module.name``."""
    found: list[str] = []
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they lead"
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def floor_of(name: str) -> tuple[int, str]:
    """How far down the room of a module is, and the room."""
    for floor, rooms in enumerate(ROOMS):
        for room in rooms:
            if within(name, room):
                return floor, room
    return pytest.fail(f"{name} has no place in ROOMS: say what may import it")


@pytest.mark.parametrize("path", sources("function_app.py", "functions", "shared"), ids=str)
def test_imports_go_down(path: Path) -> None:
    """What decides knows nothing of what triggers it, so that it can be tested, and changed, alone."""
    if path == Path("shared/__init__.py"):
        return
    floor, room = floor_of(module(path))
    for name in imports(path):
        if within(name, "shared") or within(name, "functions"):
            other_floor, other_room = floor_of(name)
            beside = room == other_room or (room in BASE and other_room in BASE)
            assert floor < other_floor or beside, f"{path} imports {name}"


def test_nothing_imports_in_a_circle() -> None:
    """Modules that need each other are one module, or a third one is missing."""
    files = {module(path): path for path in sources("function_app.py", "functions", "shared", "local")}
    graph = {
        name: {known for found in imports(path) for known in (found, found.rpartition(".")[0]) if known in files}
        - {name}
        for name, path in files.items()
    }
    assert sum(map(len, graph.values())) > 100
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", sources("function_app.py", "functions", "shared"), ids=str)
def test_what_is_deployed_does_not_know_what_is_not(path: Path) -> None:
    """In Azure there is no simulator, and no test."""
    assert [name for name in imports(path) if name.split(".")[0] in ("local", "tests", "bench")] == []


@pytest.mark.parametrize("path", sources("local"), ids=str)
def test_the_proof_shares_no_code_with_the_thing_proved(path: Path) -> None:
    """A simulator that used the app's own code would be wrong wherever the app is."""
    assert [
        name for name in imports(path) if name.split(".")[0] in ("shared", "functions", "function_app", "tests")
    ] == []


@pytest.mark.parametrize("path", sources("function_app.py", "functions", "shared"), ids=str)
def test_each_package_has_one_place(path: Path) -> None:
    """HTTP, storage, credentials and triggers can each be replaced in one place."""
    strangers = [
        name
        for name in imports(path)
        for package, place in ONLY.items()
        if within(name, package) and not fnmatchcase(path.as_posix(), place)
    ]
    assert strangers == []


@pytest.mark.parametrize(
    "package", ["requests", "azure.storage", "azure.identity", "azure.functions", "duckdb", "jinja2", "pygal"]
)
def test_the_place_of_a_package_is_where_it_is_used(package: str) -> None:
    """The table above names places that exist."""
    places = sources("function_app.py", "functions", "shared")
    users = [path for path in places if any(within(name, package) for name in imports(path))]
    assert users
    assert all(fnmatchcase(path.as_posix(), ONLY[package]) for path in users)


def test_only_the_composition_root_reads_the_environment() -> None:
    """Everything else is given its settings, so that a test can give it others."""
    readers = {
        path.as_posix()
        for path in sources("function_app.py", "functions", "shared")
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    assert readers == {"shared/wiring.py"}


def test_a_cold_start_loads_little() -> None:
    """Importing the app loads none of the heavy packages: a first request is answered within seconds."""
    code = "import json, sys, function_app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert "shared.wiring" in loaded
    assert [name for name in loaded if any(within(name, package) for package in NOT_AT_START)] == []


def test_answering_graph_loads_little() -> None:
    """Graph waits 10 s for its validation request and 3 s for a notification, cold start included."""
    code = """
import json, os, sys
from unittest.mock import Mock
import azure.functions as func
import function_app

storage = "UseDevelopmentStorage=true"
tenant = "11111111-2222-4333-8444-555555555555"
os.environ.update(
    TENANT_ID=tenant, EXPORT_STORAGE=storage, AzureWebJobsStorage=storage, NOTIFICATION_CLIENT_STATE="secret"
)
functions = {f.get_function_name(): f.get_user_function() for f in function_app.app.get_functions()}
note = {"subscriptionId": "x", "tenantId": tenant, "clientState": "secret", "changeType": "updated"}
body = json.dumps({"value": [note]}).encode()
queued = Mock()
statuses = [
    functions[name](
        func.HttpRequest("POST", name, params=params, headers={"Content-Type": "application/json"}, body=body), queued
    ).status_code
    for name in ("notifications", "lifecycle")
    for params in ({"validationToken": "x"}, {})
]
queued = [len(call.args[0]) for call in queued.set.call_args_list]
print(json.dumps([statuses, queued, sorted(sys.modules)]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    statuses, queued, loaded = json.loads(done.stdout)
    assert (statuses, queued) == ([200, 202, 200, 202], [1, 1])
    assert [name for name in loaded if any(within(name, package) for package in NOT_AT_START)] == []


def ignored(path: Path, patterns: list[str]) -> bool:
    """Whether gitignore patterns leave a file out; those without a slash inside match at any depth."""
    for part in [path, *path.parents][:-1]:
        for pattern in patterns:
            if pattern.endswith("/") and part == path:
                continue
            name = part.as_posix() if "/" in pattern.strip("/") else part.name
            if fnmatchcase(name, pattern.strip("/")):
                return True
    return False


def funcignore() -> list[str]:
    """The patterns of .funcignore."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    assert not any(pattern.startswith("!") for pattern in patterns), "this test does not know exceptions"
    return patterns


def test_only_the_app_is_deployed() -> None:
    """The package holds what runs in Azure: no tests, no simulator, no settings of a developer's machine."""
    patterns = funcignore()
    tops = [top for top in ROOT.iterdir() if top.name not in ("node_modules", "__pycache__")]
    files = [
        path.relative_to(ROOT)
        for top in tops
        if not ignored(top.relative_to(ROOT) / "anything", patterns)
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    kept = [path for path in files if not ignored(path, patterns)]
    assert {path.parts[0] for path in kept} == DEPLOYED
    assert {path for path in kept if path.suffix == ".py"} == set(sources("function_app.py", "functions", "shared"))
    page = ROOT / "shared" / "views" / "page"
    assert {path.relative_to(ROOT) for path in page.iterdir()} <= set(kept)


@pytest.mark.parametrize(
    "name",
    [
        "local/host/host.py",
        "tests/conftest.py",
        "tests/host/sample_app/function_app.py",
        "bench/worker.py",
        "docs/how-it-works.md",
        "node_modules/azurite/index.js",
        ".venv/lib/site.py",
        ".github/workflows/check.yml",
        ".pytest_cache/v/cache/lastfailed",
        ".python-version",
        "local.settings.json",
        "package-lock.json",
        "pyproject.toml",
        "Makefile",
        "shared/notes.md",
    ],
)
def test_what_is_not_the_app_stays_behind(name: str) -> None:
    """Told by name, since a fresh clone lacks some of it."""
    assert ignored(Path(name), funcignore())


def test_packages_that_were_built_here_go_along() -> None:
    """Where Azure has no Python 3.13 to build with: docs/deploy.md."""
    assert not ignored(Path(".python_packages/lib/site-packages/requests/api.py"), funcignore())
