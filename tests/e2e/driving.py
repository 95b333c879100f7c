"""What every story on the local stack asks of it."""

from typing import Any

import requests

from local.stack import Stack
from tests.e2e.blobs import exported, truth


def lift_limit(stack: Stack) -> None:
    """Let Graph answer however many requests a minute."""
    control(stack, "PUT", "throttle", {"requests_per_minute": None})


def control(stack: Stack, method: str, path: str, body: object = None) -> Any:
    """One of the simulator's own endpoints; its JSON, or None where it answers without."""
    answer = requests.request(method, f"{stack.simulator.url}/simulator/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def fire(stack: Stack, function: str) -> None:
    """Let a timer go off now."""
    answer = requests.post(f"{stack.host_url}/admin/functions/{function}", json={"input": ""}, timeout=10)
    assert answer.status_code == 202


def status(stack: Stack) -> dict[str, Any]:
    """What the app says of itself."""
    answer: dict[str, Any] = requests.get(f"{stack.host_url}/api/status", timeout=30).json()
    return answer


def complete(stack: Stack, source: str) -> bool:
    """Whether the blobs hold what Graph had, neither more nor less."""
    return exported(stack.azurite.connection_string, source) == truth(stack.simulator.url, source)
