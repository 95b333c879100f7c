"""What is said of granted permissions, and the commands for whoever may grant the others. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from infra.hooks.grants import Outcome, Result, State

DONE, FAILED, NEEDS_ADMINISTRATOR, NOT_OFFERED = 0, 1, 3, 4
"""Exit codes; 2 is argparse's own."""

ADMINISTRATOR: Final = "Privileged Role Administrator"
_CLOUDS: Final = {
    "graph.microsoft.us": "AzureUSGovernment",
    "dod-graph.microsoft.us": "AzureUSGovernment",
    "microsoftgraph.chinacloudapi.cn": "AzureChinaCloud",
}
"""What ``az cloud set`` must be told before it signs in, by Graph's host."""
_UNDONE: Final = (State.DENIED, State.FAILED, State.MISSING)


def exit_code(outcome: Outcome) -> int:
    """What a script ends with; the worst comes first."""
    for state, code in (
        (State.FAILED, FAILED),
        (State.DENIED, NEEDS_ADMINISTRATOR),
        (State.NOT_OFFERED, NOT_OFFERED),
    ):
        if outcome.having(state):
            return code
    return DONE


def lines(outcome: Outcome, graph_url: str) -> Iterator[str]:
    """What became of each permission."""
    width = max((len(result.role.value) for result in outcome.results), default=0)
    for result in outcome.results:
        yield f"  {result.role.value:{width}}  {result.state}  ({', '.join(result.role.reasons)})"
    done, undone = outcome.having(State.GRANTED, State.THERE), outcome.having(*_UNDONE)
    if done and undone:
        yield f"  Only {len(done)} of {len(done) + len(undone)} are granted: what needs the others fails until then."
    for words in dict.fromkeys(result.words for result in undone if result.words):
        yield f"  {words}"
    for result in outcome.having(State.NOT_OFFERED):
        yield f"  What {result.role.value} is for does not work in this cloud: {', '.join(result.role.reasons)}."
    for unneeded in outcome.unneeded:
        yield f"  {unneeded.value} is granted, but this app does not need it (any more). To take it away:"
        path = f"{outcome.principal_id}/appRoleAssignments/{unneeded.assignment_id}"
        yield f"    {_rest('delete', graph_url, path)}"
    if outcome.having(State.GRANTED):
        yield "  If the app ran before, it may hold a token without the new permissions for up to a day."


def commands(outcome: Outcome, graph_url: str, tenant_id: str) -> Iterator[str]:
    """For whoever may grant what is missing; the same line works in sh and in PowerShell."""
    undone = outcome.having(*_UNDONE)
    if not undone:
        return
    yield f"Granting needs an Entra administrator with the role {ADMINISTRATOR} (being Owner in Azure does not help)."
    yield "In a clone of this repository, signed in as one:"
    yield from _sign_in(graph_url, tenant_id)
    yield "  python -m pip install -r infra/hooks/requirements.txt"
    yield f"  {_this_script(outcome, undone, graph_url)}"
    if outcome.graph_id and all(result.role_id for result in undone):
        yield "Or without the repository, a line for each permission:"
        yield from _sign_in(graph_url, tenant_id)
        for result in undone:
            # Single quotes inside: az reads a Python dict as well as JSON, and no shell takes them away.
            ids = {"principalId": outcome.principal_id, "resourceId": outcome.graph_id, "appRoleId": result.role_id}
            path = f"{outcome.graph_id}/appRoleAssignedTo"
            yield f'  {_rest("post", graph_url, path)} --body "{ids}"'


def _this_script(outcome: Outcome, undone: Sequence[Result], graph_url: str) -> str:
    wanted = [*outcome.having(State.GRANTED, State.THERE), *undone]
    roles = ",".join(sorted(result.role.value for result in wanted))
    return (
        f"python infra/hooks/grant_graph_roles.py --principal-id {outcome.principal_id} "
        f"--graph-base-url {graph_url} --roles {roles}"
    )


def _sign_in(graph_url: str, tenant_id: str) -> Iterator[str]:
    if cloud := _CLOUDS.get(urlsplit(graph_url).hostname or ""):
        yield f"  az cloud set --name {cloud}"
    tenant = f" --tenant {tenant_id}" if tenant_id else ""
    yield f"  az login{tenant} --allow-no-subscriptions"


def _rest(method: str, graph_url: str, path: str) -> str:
    return f"az rest --method {method} --url {graph_url}/v1.0/servicePrincipals/{path} --resource {graph_url}"
