"""Granting from its inputs to its words: what `grant_graph_roles.py` and `postprovision.py` have in common."""

from collections.abc import Sequence

from infra.hooks import grant_report
from infra.hooks.console import say
from infra.hooks.grants import Grants, Outcome
from infra.hooks.rest import Rest
from infra.hooks.roles import Needed
from infra.hooks.sign_in import SignIn
from shared.clock import Clock


def grant(
    principal_id: str,
    roles: Sequence[Needed],
    *,
    graph_url: str,
    tenant_id: str,
    sign_in: SignIn,
    clock: Clock,
    dry_run: bool = False,
) -> Outcome:
    """Grant, and say what became of each permission and who can grant the others."""
    verb = "Would grant" if dry_run else "Granting"
    say(f"{verb} Graph's application permissions to the app's identity {principal_id}:")
    headers = lambda: {"Authorization": f"Bearer {sign_in.token(graph_url)}"}  # noqa: E731 - asked anew each time
    graph = Rest("Graph", graph_url, headers, clock)
    outcome = Grants(graph, clock, say).grant(principal_id, roles, dry_run=dry_run)
    for line in grant_report.lines(outcome, graph_url):
        say(line)
    for line in grant_report.commands(outcome, graph_url, tenant_id):
        say(line)
    return outcome
