"""azd's hook before anything is deleted: says what protects the exported data, and stops there.

Exit codes: 0 nothing protects it, so that ``azd down`` may go on; 1 something does, or it can't be known.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the project, in place of this folder

from infra.hooks import protection
from infra.hooks.arm import Arm
from infra.hooks.console import run, say
from infra.hooks.sign_in import SignIn
from infra.hooks.stopped import Refused
from shared.clock import Clock, SystemClock
from shared.settings import Settings


def main(env: Mapping[str, str], clock: Clock) -> int:
    """Look, and return the exit code."""
    account_id = env.get("DATA_ACCOUNT_ID", "")
    if not account_id:
        say("The azd environment knows no data account: nothing was made, or all is gone.")
        return 0
    arm = Arm(env, SignIn(env.get("AZURE_TENANT_ID", ""), clock.now), clock)
    if _read(arm, account_id) is None:
        say("The account of the exported data is not there any more.")
        return 0
    locks = list(arm.items(f"{account_id}/providers/Microsoft.Authorization/locks?$filter=atScope()"))
    container = _read(arm, f"{account_id}/blobServices/default/containers/{Settings.export_container}")
    found = protection.read(account_id.rpartition("/")[2], locks, container)
    for line in protection.lines(found, env.get("FUNCTION_APP_ID", ""), env.get("AZURE_RESOURCE_GROUP", "")):
        say(line)
    return 1 if found.stands else 0


def _read(arm: Arm, path: str) -> Any:
    try:
        return arm.get(path)
    except Refused as error:
        if error.status == 404:
            return None
        raise


if __name__ == "__main__":
    run(lambda: main(os.environ, SystemClock()))
