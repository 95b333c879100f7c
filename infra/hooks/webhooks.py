"""Gives Graph its way in: keys of its own for two functions, their URLs in the vault, and the app told of them."""

from typing import Final
from urllib.parse import quote

from infra.hooks import references
from infra.hooks.arm import Arm
from infra.hooks.console import say
from infra.hooks.function_app import FunctionApp
from infra.hooks.stopped import Refused
from infra.hooks.vault import Vault
from shared.clock import Clock

_KEY: Final = "graph"
"""The name of Graph's key for each of the functions: whoever learns it can post there, and nothing else."""
_SECRETS: Final = {
    "notifications": ("NOTIFICATION_URL", "notification-url"),
    "lifecycle": ("LIFECYCLE_URL", "lifecycle-url"),
}
"""The setting and the secret that hold a function's URL."""


def connect(arm: Arm, app: FunctionApp, *, site_id: str, app_url: str, vault_id: str, clock: Clock) -> bool:
    """Bring both URLs into the app's settings; whether they and the client state are there. Safe to repeat."""
    vault = Vault(arm, vault_id)
    had = references.active(arm, site_id)
    versions = {"NOTIFICATION_CLIENT_STATE": vault.version("notification-client-state")}
    for function, (setting, secret) in _SECRETS.items():
        url = f"{app_url}/api/{function}?code={quote(app.own_key(function, _KEY), safe='')}"
        written = vault.write(secret, url)
        versions[setting] = written.version
        say(f"{setting}: {'written to the vault' if written.changed else 'in the vault already'} (secret {secret}).")
    references.renew(arm, site_id)
    wrong = references.unresolved(arm, site_id, versions, clock)
    if wrong:
        say("These settings do not reach the app, so Graph can't notify it; polling goes on without:")
        for setting, problem in wrong.items():
            say(f"  {setting}: {problem}")
        say("When that is mended, run: azd hooks run postdeploy")
        return False
    say("The app's references to the vault are resolved.")
    # A URL was written just now, or the client state was rotated in the vault; who knows, where versions are not told.
    has = references.active(arm, site_id)
    if has != had or not all(has.values()):
        _restart(app)
    return True


def _restart(app: FunctionApp) -> None:
    """Instances that run read their settings but once."""
    try:
        app.restart()
    except Refused as error:
        say(f"The app could not be restarted ({error}); its next instances have the new settings.")
    else:
        say("Restarted the app, so that it reads its new settings.")
