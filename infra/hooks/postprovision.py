"""azd's hook after the resources are made: grants the Graph roles, then waits until role assignments have spread.

In this order, since a token that is fetched before a role is granted may be kept for a day. Roles that could not be
granted are no failure: what is missing, who can grant it and how is said, and the deployment goes on.

Exit codes: 0, or 1 where Azure could not be asked at all.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the project, in place of this folder

from infra.hooks import propagation, roles
from infra.hooks.arm import Arm
from infra.hooks.azd import demand, is_on, wanted_subscriptions
from infra.hooks.console import run, say
from infra.hooks.grant_report import DONE, exit_code
from infra.hooks.granting import grant
from infra.hooks.sign_in import SignIn
from shared.clock import Clock, SystemClock

_OUTPUTS = ("IDENTITY_PRINCIPAL_ID", "GRAPH_URL", "SOURCES", "HOST_ACCOUNT_ID", "DATA_ACCOUNT_ID")


def main(env: Mapping[str, str], clock: Clock) -> int:
    """Grant and wait, and return the exit code."""
    demand(env, *_OUTPUTS)
    sign_in = SignIn(env.get("AZURE_TENANT_ID", ""), clock.now)
    subscriptions = wanted_subscriptions(env) if is_on(env, "WEBHOOKS_ON") else ()
    needed = roles.needed(env["SOURCES"].split(","), updates=is_on(env, "UPDATES_ON"), subscriptions=subscriptions)
    outcome = grant(
        env["IDENTITY_PRINCIPAL_ID"],
        needed,
        graph_url=env["GRAPH_URL"].rstrip("/"),
        tenant_id=env.get("AZURE_TENANT_ID", ""),
        sign_in=sign_in,
        clock=clock,
    )
    if exit_code(outcome) != DONE:
        say("The deployment goes on. Exports begin once the permissions are there; until then, status names them.")
    for resource in roles.unknown(subscriptions):
        say(f"Subscribing to {resource} may need a permission of its own: see Graph's page 'Create subscription'.")
    if env.get("MULTITENANT_CLIENT_ID"):
        names = ", ".join(role.value for role in needed)
        say(
            f"Tenants other than the home tenant are reached as the app {env['MULTITENANT_CLIENT_ID']}: an "
            f"administrator of each must consent to {names} there."
        )
    scopes = [env[name] for name in ("HOST_ACCOUNT_ID", "DATA_ACCOUNT_ID", "KEY_VAULT_ID") if env.get(name)]
    propagation.wait(Arm(env, sign_in, clock), env["IDENTITY_PRINCIPAL_ID"], scopes, clock, say)
    return 0


if __name__ == "__main__":
    run(lambda: main(os.environ, SystemClock()))
