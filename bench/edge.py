"""What the floor and the peers' way share: a token, an HTTP session, a container. Nothing of the app's."""

import os

import requests
from azure.storage.blob import ContainerClient

PREFER = {"Prefer": "include-unknown-enum-members"}
"""As the app asks, so that all contestants get the same pages."""


def session(connections: int = 1) -> requests.Session:
    """A session that carries a bearer token."""
    graph = os.environ["GRAPH_BASE_URL"]
    answer = requests.get(
        os.environ["IDENTITY_ENDPOINT"],
        params={"api-version": "2019-08-01", "resource": graph},
        headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]},
        timeout=10,
    )
    answer.raise_for_status()
    made = requests.Session()
    made.trust_env = False
    made.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=connections))
    made.headers.update({"Authorization": f"Bearer {answer.json()['access_token']}", **PREFER})
    return made


def get(http: requests.Session, url: str) -> requests.Response:
    """One page."""
    answer = http.get(url, timeout=100)
    answer.raise_for_status()
    return answer


def container() -> ContainerClient:
    """Where blobs go."""
    return ContainerClient.from_connection_string(os.environ["EXPORT_STORAGE"], os.environ["EXPORT_CONTAINER"])
