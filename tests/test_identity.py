"""The credential: which one, and that azure-identity is loaded only where one is made."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.identity import (
    AzureCliCredential,
    AzureDeveloperCliCredential,
    ChainedTokenCredential,
    ManagedIdentityCredential,
)

from shared.identity import credential
from shared.setting_forms import ConnectionString
from shared.settings import GraphCredential, Settings

TENANT = "8a6e1c2f-0b1d-4c7e-9f3a-5d2b7c9e1f00"
CLIENT = "99999999-8888-4777-8666-555555555555"
STORAGE = ConnectionString("UseDevelopmentStorage=true")


def settings(**changes: Any) -> Settings:
    return Settings(tenant_id=TENANT, export_storage=STORAGE, queue_storage=STORAGE, **changes)


def test_managed_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Azure it is the managed identity: the user-assigned one that is named, else the system's."""
    asked: list[str | None] = []
    monkeypatch.setattr(ManagedIdentityCredential, "__init__", lambda _, *, client_id: asked.append(client_id))
    assert isinstance(credential(settings()), ManagedIdentityCredential)
    assert isinstance(credential(settings(managed_identity_client_id=CLIENT)), ManagedIdentityCredential)
    assert asked == [None, CLIENT]


def test_developer() -> None:
    """On a developer's machine it is one of the two command lines, and never a secret from the environment."""
    chain = credential(settings(graph_credential=GraphCredential.DEVELOPER))
    assert isinstance(chain, ChainedTokenCredential)
    assert [type(each) for each in chain.credentials] == [AzureCliCredential, AzureDeveloperCliCredential]


def test_imports_are_light() -> None:
    """What every function imports loads no SDK: cold starts decide whether Graph's validation passes."""
    script = (
        "import sys, shared.events, shared.identity, shared.settings, shared.storage.blobs, shared.storage.queues\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('azure', 'msal', 'requests')])"
    )
    root = Path(__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
