"""``python -m bench.webhook.alone``: the app's webhook function without a host, in this process; one JSON line.

It runs in a process of its own because the app reads its settings from the environment.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import azure.functions as func
import msgspec

from bench.webhook import posts
from bench.webhook.percentile import percentile
from local.child import ROOT
from local.stack import TENANT

_SECONDS: Final = 3.0
"""For each kind of POST."""
_MOST_CALLS: Final = 20_000


class Alone(msgspec.Struct, frozen=True):
    """What calls of one kind took."""

    kind: str
    notifications: int
    """In one POST."""
    calls: int
    median_us: float
    p99_us: float
    longest_us: float


class _Out(func.Out[list[str]]):
    """What a function sets; nothing is queued."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, val: list[str]) -> None:
        self.messages = val

    def get(self) -> list[str]:
        return self.messages


def alone() -> list[Alone]:
    """Run it.

    Raises:
        RuntimeError: it failed.
    """
    settings = {
        "TENANT_ID": TENANT,
        "NOTIFICATION_CLIENT_STATE": posts.CLIENT_STATE,
        "EXPORT_STORAGE": "UseDevelopmentStorage=true",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.webhook.alone"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the webhook alone failed:\n{done.stderr.decode(errors='replace')}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=list[Alone])


def main() -> None:
    """Measure all kinds."""
    logging.disable()  # where events go is the host's affair
    call = _function("notifications")
    found = [
        _measure(call, "accepted", posts.body(), 1, queued=1),
        _measure(call, "accepted", posts.body(100), 100, queued=100),
        _measure(call, "forged", posts.body(client_state="a guess"), 1, queued=0),
        _measure(call, "validation request", b"", 0, queued=0, query={"validationToken": "Validation: a token"}),
    ]
    print(msgspec.json.encode(found).decode())


def _function(name: str) -> Callable[..., func.HttpResponse]:
    from function_app import app

    (found,) = (each for each in app.get_functions() if each.get_function_name() == name)
    call: Callable[..., func.HttpResponse] = found.get_user_function()
    return call


def _measure(
    call: Callable[..., func.HttpResponse],
    kind: str,
    body: bytes,
    notifications: int,
    *,
    queued: int,
    query: Mapping[str, str] | None = None,
) -> Alone:
    """Call as often as time allows; the first call, which imports, is not counted."""
    call(_request(body, query), _Out())
    taken: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(taken) < _MOST_CALLS and time.perf_counter() < end:
        request, out = _request(body, query), _Out()
        began = time.perf_counter_ns()
        answer = call(request, out)
        taken.append((time.perf_counter_ns() - began) / 1000)
        if answer.status_code >= 300 or len(out.messages) != queued:
            raise RuntimeError(f"{kind}: answered {answer.status_code}, with {len(out.messages)} messages")
    return Alone(kind, notifications, len(taken), percentile(taken, 50), percentile(taken, 99), max(taken))


def _request(body: bytes, query: Mapping[str, Any] | None) -> func.HttpRequest:
    url = "https://app.example/api/notifications"
    return func.HttpRequest("POST", url, headers=posts.HEADERS, params=query or {}, body=body)


if __name__ == "__main__":
    main()
