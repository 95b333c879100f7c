"""Azurite, Microsoft's storage emulator, as a child process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.child import ROOT, Child, log_folder

_AZURITE: Final = ROOT / "node_modules" / ".bin" / "azurite"

# Azurite's well-known account (https://learn.microsoft.com/azure/storage/common/storage-use-azurite).
_ACCOUNT: Final = "devstoreaccount1"
_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Azurite:
    """A running storage emulator; what it holds is gone when it ends."""

    blob_url: str
    queue_url: str
    child: Child

    @property
    def connection_string(self) -> str:
        """What ``EXPORT_STORAGE`` and ``AzureWebJobsStorage`` are set to."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
            f"BlobEndpoint={self.blob_url}/{_ACCOUNT};QueueEndpoint={self.queue_url}/{_ACCOUNT};"
        )


@contextmanager
def azurite(logs: Path | None = None) -> Iterator[Azurite]:
    """Start Azurite, keeping everything in memory.

    ``--skipApiVersionCheck``: azure-storage-blob 12.31 sends an API version that Azurite 3.37.0 does not know yet.

    Raises:
        ChildFailed: it did not start.
    """
    if not _AZURITE.exists():
        raise FileNotFoundError(f"{_AZURITE.relative_to(ROOT)} is missing: run npm ci first")
    ports = [f"--{service}Port=0" for service in ("blob", "queue", "table")]
    flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(log_folder(logs))
        command = [str(_AZURITE), *ports, *flags]
        child = cleanup.enter_context(Child("azurite", command, log=folder / "azurite.log", cwd=folder, env={}))
        # The real ports stand in its output alone.
        listening = r"{} service is successfully listening at (\S+)"
        blob_url, queue_url = (child.wait_for(listening.format(service)) for service in ("Blob", "Queue"))
        yield Azurite(blob_url, queue_url, child)
