"""azd's hook after the code is deployed: from deployed to running, and seen to run.

It waits until the host has found the functions; gives Graph its URLs, where webhooks are on; has subscriptions looked
after and a first export done; and prints the status. Safe to repeat: what is there already is left as it is.

Exit codes: 0 the app runs (permissions may be missing, subscriptions may be refused: that is told), 1 it does not, or
its references to the vault do not resolve.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the project, in place of this folder

from infra.hooks import status_report, webhooks
from infra.hooks.arm import Arm
from infra.hooks.azd import demand, is_on
from infra.hooks.console import run, say
from infra.hooks.function_app import FunctionApp
from infra.hooks.sign_in import SignIn
from infra.hooks.stopped import Refused
from shared.clock import Clock, SystemClock

_FUNCTIONS = (
    "export_alerts",
    "export_secure_scores",
    "run_export_job",
    "notifications",
    "lifecycle",
    "process_notifications",
    "maintain_subscriptions",
    "status",
)
"""Without one of these, the app does not do its work."""


def main(env: Mapping[str, str], clock: Clock) -> int:
    """Do all of it, and return the exit code."""
    with_webhooks = is_on(env, "WEBHOOKS_ON")
    demand(env, "FUNCTION_APP_ID", "FUNCTION_APP_URL", *(["KEY_VAULT_ID"] if with_webhooks else []))
    site_id, app_url = env["FUNCTION_APP_ID"], env["FUNCTION_APP_URL"].rstrip("/")
    arm = Arm(env, SignIn(env.get("AZURE_TENANT_ID", ""), clock.now), clock)
    app = FunctionApp(arm, site_id, app_url, clock)
    app.wait_until_indexed(_FUNCTIONS)
    connected = with_webhooks and webhooks.connect(
        arm, app, site_id=site_id, app_url=app_url, vault_id=env["KEY_VAULT_ID"], clock=clock
    )
    ready = status_report.knows_its_urls if connected else _anything
    before = app.status(ready, "the app has its new settings" if connected else "the app answers")
    subscribes = connected and status_report.knows_its_urls(before)
    if connected and not subscribes:
        say("The app has not read its new settings yet. If status keeps silent on subscriptions:")
        say(f"  az functionapp restart --ids {site_id}")
    _start(app, ["export_alerts", "export_secure_scores", *(["maintain_subscriptions"] if connected else [])])

    def settled(status: status_report.Status) -> bool:
        if status_report.exports_are_awaited(status, before["at"]):
            return False
        return not (subscribes and status_report.subscriptions_are_awaited(status, before["at"]))

    status = app.status(settled, "exports were tried")
    for line in (*status_report.lines(status), *status_report.advice(status)):
        say(line)
    say(f"Later: GET {app_url}/api/status with the function's key in the header x-functions-key.")
    return 0 if connected or not with_webhooks else 1


def _start(app: FunctionApp, functions: list[str]) -> None:
    for function in functions:
        try:
            app.start(function)
        except Refused as error:
            say(f"{function} could not be started now; its timer does it. ({error})")
        else:
            say(f"Started {function}.")


def _anything(_status: status_report.Status) -> bool:
    return True


if __name__ == "__main__":
    run(lambda: main(os.environ, SystemClock()))
