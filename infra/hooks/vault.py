"""Secrets in the app's Key Vault, written through Azure Resource Manager: its own door may be in a private network.

Resource Manager never shows a value ("Secrets - Get": it is never returned), so a digest beside the secret tells
whether it is the wanted one already. What is digested holds a key of 256 random bits: nobody guesses it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from infra.hooks.arm import Arm
from infra.hooks.stopped import Refused

_DIGEST: Final = "sha256"


@dataclass(frozen=True, slots=True)
class Written:
    """A secret that has the wanted value."""

    version: str
    changed: bool
    """Whether it was written just now."""


class Vault:
    """One vault, by its resource id."""

    def __init__(self, arm: Arm, vault_id: str) -> None:
        self._arm = arm
        self._vault = vault_id

    def write(self, name: str, value: str) -> Written:
        """Give a secret this value, if it has another one."""
        digest = sha256(value.encode()).hexdigest()
        path = f"{self._vault}/secrets/{name}"
        there = self._read(path)
        if there and (there.get("tags") or {}).get(_DIGEST) == digest:
            return Written(_version(there), changed=False)
        body = {"properties": {"value": value}, "tags": {_DIGEST: digest}}
        return Written(_version(self._arm.put(path, body)), changed=True)

    def version(self, name: str) -> str | None:
        """The newest version of a secret, whoever wrote it; None where there is none."""
        there = self._read(f"{self._vault}/secrets/{name}")
        return _version(there) if there else None

    def _read(self, path: str) -> Any:
        try:
            return self._arm.get(path)
        except Refused as error:
            if error.status == 404:
                return None
            raise


def _version(secret: Any) -> str:
    uri: str = secret["properties"]["secretUriWithVersion"]
    return uri.rpartition("/")[2]
