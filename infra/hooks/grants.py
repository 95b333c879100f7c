"""Grants Graph's application permissions to the app's identity, and says what became of each.

Graph keeps an application permission as an app role assignment between two service principals: the identity's, and
Graph's own, which defines the roles. Their ids differ from tenant to tenant and from cloud to cloud, so everything is
looked up by value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from infra.hooks.rest import Rest
from infra.hooks.roles import Needed
from infra.hooks.stopped import Refused, Stopped
from shared.clock import Clock

_ROOT: Final = "/v1.0/servicePrincipals"
_GRAPH: Final = f"{_ROOT}(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles"
_ALREADY: Final = "already exists"
_REPLICATES_WITHIN_S: Final = 120.0
"""A new identity shows in the directory after some seconds, in rare cases after more than a minute."""
_ASK_AGAIN_S: Final = 10.0


class State(StrEnum):
    """What became of one permission."""

    GRANTED = "granted now"
    THERE = "was there already"
    MISSING = "not granted yet"
    """Nobody tried: a dry run."""
    DENIED = "not granted: you may not"
    FAILED = "not granted: it failed"
    NOT_OFFERED = "not offered by Graph in this cloud"


@dataclass(frozen=True, slots=True)
class Result:
    """One needed permission."""

    role: Needed
    state: State
    role_id: str | None = None
    words: str = ""
    """Graph's own."""


@dataclass(frozen=True, slots=True)
class Unneeded:
    """A permission of Graph's that the identity has and the app does not need."""

    value: str
    assignment_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found and done."""

    principal_id: str
    graph_id: str | None
    """Graph's service principal in this tenant; None where it could not be read."""
    results: tuple[Result, ...]
    unneeded: tuple[Unneeded, ...] = ()

    def having(self, *states: State) -> tuple[Result, ...]:
        """The results in one of these states."""
        return tuple(result for result in self.results if result.state in states)


class Grants:
    """Looks up and grants.

    Args:
        graph: Graph, with a token of whoever is signed in.
        clock: waits.
        say: told what is waited for.
    """

    def __init__(self, graph: Rest, clock: Clock, say: Callable[[str], None]) -> None:
        self._graph = graph
        self._clock = clock
        self._say = say

    def grant(self, principal_id: str, roles: Sequence[Needed], *, dry_run: bool = False) -> Outcome:
        """Give an identity these permissions; those that it has are left as they are. Safe to repeat."""
        try:
            graph = self._graph.get(_GRAPH)
        except Stopped as error:
            return Outcome(principal_id, None, tuple(_not_done(role, None, error) for role in roles))
        offered = {role["value"]: role["id"] for role in graph["appRoles"]}
        try:
            had = self._assignments(principal_id, graph["id"])
        except Stopped as error:
            undone = (_not_done(role, offered.get(role.value), error) for role in roles)
            return Outcome(principal_id, graph["id"], tuple(undone))
        ids = {assignment["appRoleId"] for assignment in had}
        results: list[Result] = []
        for role in roles:
            role_id = offered.get(role.value)
            if role_id is None:
                results.append(Result(role, State.NOT_OFFERED))
            elif role_id in ids:
                results.append(Result(role, State.THERE, role_id))
            elif dry_run:
                results.append(Result(role, State.MISSING, role_id))
            else:
                results.append(self._grant(principal_id, graph["id"], role, role_id))
        wanted = {role.value for role in roles}
        values = {role_id: value for value, role_id in offered.items()}
        unneeded = (
            Unneeded(values.get(one["appRoleId"], one["appRoleId"]), one["id"])
            for one in had
            if values.get(one["appRoleId"]) not in wanted
        )
        return Outcome(principal_id, graph["id"], tuple(results), tuple(unneeded))

    def _assignments(self, principal_id: str, graph_id: str) -> list[Any]:
        path = f"{_ROOT}/{principal_id}/appRoleAssignments"
        found = self._once_replicated(lambda: list(self._graph.items(path)))
        return [one for one in found if one["resourceId"] == graph_id]

    def _grant(self, principal_id: str, graph_id: str, role: Needed, role_id: str) -> Result:
        body = {"principalId": principal_id, "resourceId": graph_id, "appRoleId": role_id}
        # On the resource's side, as "Grant an appRoleAssignment to a service principal" recommends.
        path = f"{_ROOT}/{graph_id}/appRoleAssignedTo"
        try:
            self._once_replicated(lambda: self._graph.send("POST", path, body))
        except Refused as error:
            if error.status == 400 and _ALREADY in error.words:
                return Result(role, State.THERE, role_id)  # somebody else was faster, or an answer got lost
            return _not_done(role, role_id, error)
        except Stopped as error:
            return _not_done(role, role_id, error)
        return Result(role, State.GRANTED, role_id)

    def _once_replicated[T](self, ask: Callable[[], T]) -> T:
        """Ask until the identity is known: an answer from a server that has not heard of it is 404."""
        until = self._clock.monotonic() + _REPLICATES_WITHIN_S
        while True:
            try:
                return ask()
            except Refused as error:
                if error.status != 404 or self._clock.monotonic() + _ASK_AGAIN_S > until:
                    raise
            self._say("  The identity does not show in the directory yet; waiting.")
            self._clock.sleep(_ASK_AGAIN_S)


def _not_done(role: Needed, role_id: str | None, error: Stopped) -> Result:
    denied = isinstance(error, Refused) and error.status == 403
    return Result(role, State.DENIED if denied else State.FAILED, role_id, str(error))
