"""What the export has left in storage, read as a stranger would: straight from the containers, by their layout."""

import gzip
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from azure.storage.blob import BlobServiceClient

from local.chain import BlobFacts
from local.proof import Exported, Revision
from local.simulator.sources import SOURCES, Source
from local.simulator.timestamps import parse

DATA: Final = "security-export"
STATE: Final = "security-export-state"


class Arrivals:
    """The blobs of a source that come from now on."""

    def __init__(self, account: BlobServiceClient, source: str, *, data: str = DATA) -> None:
        self._client = account.get_container_client(data)
        self._source = source
        self._known = set(self._names())

    def have(self, revision: Revision) -> bool:
        """Whether one that came since this was asked last has the revision."""
        came = [name for name in self._names() if name not in self._known]
        self._known.update(came)
        return any(revision[:2] == found[:2] for name in came for found in self._revisions(name))

    def _names(self) -> Iterator[str]:
        yield from self._client.list_blob_names(name_starts_with=f"{self._source}/")

    def _revisions(self, name: str) -> Iterator[Revision]:
        for text in _records(name, self._client.download_blob(name).readall()):
            yield _revision(SOURCES[self._source], json.loads(text))


class Containers:
    """The containers of data and state; each blob that is read leaves a copy in a folder."""

    def __init__(self, account: BlobServiceClient, copies: Path, *, data: str = DATA, state: str = STATE) -> None:
        self._account = account
        self._copies = copies
        self._data = data
        self._state = state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._account.close()

    def read(self, source: str) -> Exported:
        """Everything that was exported of a source."""
        revisions: list[Revision] = []
        blobs: dict[str, BlobFacts] = {}
        for name, data in self._blobs(self._data, f"{source}/"):
            records = [json.loads(text) for text in _records(name, data)]
            revisions += (_revision(SOURCES[source], record) for record in records)
            blobs[name] = BlobFacts(sha256(data).hexdigest(), len(data), len(records))
        manifests = dict(self._blobs(self._state, f"manifests/{source}/"))
        list(self._blobs(self._state, f"checkpoints/{source}/"))  # for the copy: it holds the chain's end
        return Exported(revisions, blobs, manifests)

    def _blobs(self, container: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        client = self._account.get_container_client(container)
        for name in client.list_blob_names(name_starts_with=prefix):
            data = client.download_blob(name).readall()
            copy = self._copies / container / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
            yield name, data


def _records(name: str, data: bytes) -> list[bytes]:
    """The texts of a blob's records: one a line, or the only one of a .json."""
    return gzip.decompress(data).splitlines() if name.endswith(".ndjson.gz") else [data]


def _revision(source: Source, record: Mapping[str, Any]) -> Revision:
    return Revision(record["id"], parse(record[source.cursor]), _product(source, record))


def _product(source: Source, record: Mapping[str, Any]) -> str:
    match record:
        case {"serviceSource": str(called)} | {"vendorInformation": {"provider": str(called)}}:
            return next((product.name for product in source.products if product.is_called(called)), called)
        case _:  # an incident does not tell: one product makes them all
            return source.products[0].name
