"""Azure Resource Manager: the one place that knows its API versions."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.hooks.rest import Rest
from infra.hooks.sign_in import SignIn
from shared.clock import Clock

_PUBLIC: Final = "https://management.azure.com"

_VERSIONS: Final = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.KeyVault": "2023-07-01",
    "Microsoft.Storage": "2024-01-01",
    # From 2023-01-01 on, references tell which version of the secret they hold (activeVersion).
    "Microsoft.Web": "2024-04-01",
}
"""API version by what a path names last."""


class Arm:
    """Resources by their ids.

    Args:
        env: the azd environment; RESOURCE_MANAGER_URL where the cloud is another than the public one.
        sign_in: whose tokens open it.
        clock: tells the time, and waits.
    """

    def __init__(self, env: Mapping[str, str], sign_in: SignIn, clock: Clock) -> None:
        url = (env.get("RESOURCE_MANAGER_URL") or _PUBLIC).rstrip("/")
        headers = lambda: {"Authorization": f"Bearer {sign_in.token(url)}"}  # noqa: E731 - asked anew each time
        self._rest = Rest("Azure Resource Manager", url, headers, clock)

    def get(self, path: str) -> Any:
        """One resource; errors as ``Rest.send``."""
        return self._rest.get(_versioned(path))

    def items(self, path: str) -> Iterator[Any]:
        """A list of resources; errors as ``Rest.send``."""
        return self._rest.items(_versioned(path))

    def post(self, path: str, body: object = None) -> Any:
        """An action; errors as ``Rest.send``."""
        return self._rest.send("POST", _versioned(path), body)

    def put(self, path: str, body: object) -> Any:
        """Make or change a resource; errors as ``Rest.send``."""
        return self._rest.send("PUT", _versioned(path), body)


def _versioned(path: str) -> str:
    named = path.rpartition("/providers/")[2]
    version = next(version for kind, version in _VERSIONS.items() if named.startswith(kind))
    return f"{path}{'&' if '?' in path else '?'}api-version={version}"
