"""The local stack, kept running until Ctrl-C."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from local.clients import HostClient, SimulatorClient
from local.screen import Screen
from local.stack import Stack
from local.world import World

FOLDER: Final = Path(".local", "serve")

_TIMERS: Final = {"ALERTS_SCHEDULE": "0 * * * * *"}
"""Every minute: whoever changes an alert wants to see it."""
_WATCH_S: Final = 0.5


def run(world: World, screen: Screen) -> int:
    """Serve until Ctrl-C; the exit status is 1 where a process of the stack ended by itself.

    Raises:
        ChildFailed: the stack did not start.
    """
    stack = world.stack(FOLDER / "logs", settings=_TIMERS)
    with ExitStack() as running:
        with screen.step("Starting", "Azurite, a simulated Graph and the function app are running"):
            running.enter_context(stack)
        SimulatorClient(stack.simulator.url).lift_throttle()
        host = HostClient(stack.host_url)
        for timer in ("export_alerts", "export_secure_scores"):
            host.fire(timer)  # the first export shall not wait for the clock
        screen.fields(hints(stack))
        screen.say("\nThe history is being exported; the timer of alerts fires each minute. Ctrl-C ends it all.")
        try:
            return _watch(stack, screen)
        except KeyboardInterrupt:
            screen.say("\nStopping.")
            return 0


def hints(stack: Stack) -> dict[str, str]:
    """What to try, and where things are; commands are for a shell in the project's folder."""
    app, graph = stack.host_url, f"{stack.simulator.url}/simulator"
    return {
        "Status": f"{app}/api/status",
        "Make the report": f"""curl -X POST {app}/admin/functions/render_report -d '{{"input": ""}}'""",
        "Look at the report": f"{app}/api/report",
        "Ask for an export": f"""curl -X POST {app}/api/export -d '{{"source": "alerts_v2"}}'""",
        "Change alerts in Graph": f"""curl {graph}/change -d '{{"source": "alerts_v2", "count": 100, "seed": 1}}'""",
        "Let Graph fail": f"""curl -X PUT {graph}/faults/alerts_v2 -d '{{"outage": 503}}'""",
        "Let it work again": f"curl -X DELETE {graph}/faults/alerts_v2",
        "All revisions in Graph": f"{graph}/truth/alerts_v2",
        "Renew the latest view": f"""curl -X POST {app}/admin/functions/publish_latest -d '{{"input": ""}}'""",
        "Compare with Graph": f"""curl -X POST {app}/admin/functions/reconcile -d '{{"input": ""}}'""",
        "Storage": stack.azurite.connection_string,
        "Logs": f"{stack.logs}/",
    }


def _watch(stack: Stack, screen: Screen) -> int:
    """Wait until a process ends, which none should."""
    children = (stack.host, stack.simulator.child, stack.azurite.child)
    while all(child.returncode is None for child in children):
        time.sleep(_WATCH_S)
    for child in children:
        if child.returncode is not None:
            screen.say(f"{child.name} ended with code {child.returncode}:\n{child.tail()}")
    return 1
