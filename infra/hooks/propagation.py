"""Waits until new role assignments have spread: a deployment right after them fails with 403."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from infra.hooks.arm import Arm
from infra.hooks.stopped import Refused
from shared.clock import Clock

SPREAD: Final = timedelta(seconds=120)
"""How long it is waited for. Azure says up to 10 minutes; a minute has been enough in reports (azure-dev#8026)."""


def newest(arm: Arm, principal_id: str, scopes: Iterable[str]) -> datetime | None:
    """When the identity was last given a role on one of these resources; None where it has none.

    Raises:
        Refused: the assignments may not be read.
    """
    made = [
        datetime.fromisoformat(assignment["properties"]["createdOn"])
        for scope in scopes
        for assignment in arm.items(f"{scope}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")
        if assignment["properties"]["principalId"].lower() == principal_id.lower()
    ]
    return max(made, default=None)


def wait(arm: Arm, principal_id: str, scopes: Iterable[str], clock: Clock, say: Callable[[str], None]) -> None:
    """Wait as long as the newest assignment needs; not at all where all of them are old."""
    try:
        made = newest(arm, principal_id, scopes)
    except Refused as error:
        say(f"Role assignments can't be read ({error}); waiting as if they were new.")
        made = clock.now()
    if made is None:
        return
    left = min(SPREAD, made + SPREAD - clock.now())
    if left <= timedelta():
        say("The identity's role assignments are older than two minutes: no need to wait.")
        return
    say(
        f"The identity's role assignments are new. Waiting {left.total_seconds():.0f} s until they have spread: "
        "deploying the code before that fails with 403."
    )
    clock.sleep(left.total_seconds())
