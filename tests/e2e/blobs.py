"""What lies in storage, read without any of the app's code: the proof shares none with the thing proved."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator

import requests
from azure.storage.blob import ContainerClient

CURSORS = {
    "alerts": "lastModifiedDateTime",
    "secureScores": "createdDateTime",
    "secureScoreControlProfiles": "lastModifiedDateTime",
}


def lines(connection_string: str, source: str, container: str = "security-export") -> Iterator[bytes]:
    """All exported lines of a source."""
    client = ContainerClient.from_connection_string(connection_string, container)
    for blob in client.list_blobs(name_starts_with=f"{source}/"):
        data = client.download_blob(blob.name).readall()
        yield from (gzip.decompress(data) if blob.name.endswith(".gz") else data).splitlines()


def exported(connection_string: str, source: str, container: str = "security-export") -> Counter[tuple[str, str]]:
    """Every exported revision, counted."""
    cursor = CURSORS.get(source, "lastUpdateDateTime")
    records = (json.loads(line) for line in lines(connection_string, source, container))
    return Counter((record["id"], record[cursor]) for record in records)


def truth(simulator_url: str, source: str) -> Counter[tuple[str, str]]:
    """Every revision that Graph ever had."""
    answer = requests.get(f"{simulator_url}/simulator/truth/{source}", timeout=60)
    records = (json.loads(line) for line in answer.text.splitlines())
    return Counter((record["id"], record["at"]) for record in records)
