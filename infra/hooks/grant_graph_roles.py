"""Grants Microsoft Graph's application permissions to the app's identity; for a person who may.

    python infra/hooks/grant_graph_roles.py --principal-id <object id of the identity> --sources alerts_v2,incidents

What is not given comes from the azd environment, if its variables are set: IDENTITY_PRINCIPAL_ID, GRAPH_URL, SOURCES,
WEBHOOKS_ON, SUBSCRIPTIONS, UPDATES_ON. Safe to run twice. Needs a sign-in with azd or az that has the Entra role
Privileged Role Administrator. Nothing is ever taken away.

Exit codes: 0 all of them are granted; 1 something failed; 2 wrong usage; 3 an administrator has to do it, and how is
printed; 4 this cloud's Graph does not offer a permission.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the project, in place of this folder

from infra.hooks import roles
from infra.hooks.azd import is_on, wanted_subscriptions
from infra.hooks.console import run
from infra.hooks.grant_report import exit_code
from infra.hooks.granting import grant
from infra.hooks.roles import Needed
from infra.hooks.sign_in import SignIn
from shared import setting_forms as form
from shared.clock import Clock, SystemClock
from shared.settings import SOURCES, Settings


def main(arguments: Sequence[str], env: Mapping[str, str], clock: Clock) -> int:
    """Grant what the arguments ask for, and return the exit code."""
    options = _options(arguments, env)
    outcome = grant(
        options.principal_id,
        _roles(options, env),
        graph_url=options.graph_base_url,
        tenant_id=env.get("AZURE_TENANT_ID", ""),
        sign_in=SignIn(env.get("AZURE_TENANT_ID", ""), clock.now),
        clock=clock,
        dry_run=options.dry_run,
    )
    return exit_code(outcome)


def _roles(options: argparse.Namespace, env: Mapping[str, str]) -> Sequence[Needed]:
    if options.roles:
        return [Needed(value, ("asked for",)) for value in options.roles]
    subscriptions = wanted_subscriptions(env) if options.webhooks else ()
    return roles.needed(options.sources, updates=options.updates, subscriptions=subscriptions)


def _options(arguments: Sequence[str], env: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="grant_graph_roles.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    principal = env.get("IDENTITY_PRINCIPAL_ID") or None
    parser.add_argument(
        "--principal-id",
        type=_of(form.GUID),
        default=principal,
        required=principal is None,
        help="object id of the identity's service principal",
    )
    parser.add_argument(
        "--graph-base-url", type=_of(form.ORIGIN), default=env.get("GRAPH_URL") or Settings.graph_base_url
    )
    sources = form.some_of(SOURCES)
    parser.add_argument("--sources", type=_of(sources), default=env.get("SOURCES") or ",".join(Settings.export_sources))
    switch = argparse.BooleanOptionalAction
    webhooks, updates = is_on(env, "WEBHOOKS_ON"), is_on(env, "UPDATES_ON")
    parser.add_argument("--webhooks", action=switch, default=webhooks, help="what SUBSCRIPTIONS needs, too")
    parser.add_argument("--updates", action=switch, default=updates, help="what update_security_resource needs, too")
    known = form.some_of(roles.ever_needed())
    parser.add_argument("--roles", type=_of(known), help="exactly these, in place of what the others ask for")
    parser.add_argument("--dry-run", action="store_true", help="only look, and print the commands")
    return parser.parse_args(arguments)


def _of(expected: form.Form) -> Callable[[str], Any]:
    """The app's own form as argparse wants it."""

    def parse(text: str) -> object:
        try:
            return expected.parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError("must be " + expected.words) from None

    return parse


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:], os.environ, SystemClock()))
