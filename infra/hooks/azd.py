"""The azd environment, as a hook finds it in its variables."""

from collections.abc import Mapping
from typing import cast

from infra.hooks.stopped import Stopped
from shared.setting_forms import SUBSCRIPTIONS, WantedSubscription
from shared.settings import Settings


def demand(env: Mapping[str, str], *names: str) -> None:
    """Check that Bicep's outputs are there.

    Raises:
        Stopped: some are not; names all of them.
    """
    if missing := [name for name in names if not env.get(name)]:
        raise Stopped(f"the azd environment lacks {', '.join(missing)}. 'azd provision' puts them there; run it first.")


def is_on(env: Mapping[str, str], name: str) -> bool:
    """A switch: ``true`` or ``false``, as Bicep's outputs have it."""
    return env.get(name, "").strip().lower() == "true"


def wanted_subscriptions(env: Mapping[str, str]) -> tuple[WantedSubscription, ...]:
    """What Graph is to notify of.

    Raises:
        Stopped: the variable is not what it must be.
    """
    text = env.get("SUBSCRIPTIONS", "").strip()
    if not text:
        return Settings.subscriptions
    try:
        return cast("tuple[WantedSubscription, ...]", SUBSCRIPTIONS.parse(text))
    except (ValueError, RecursionError):
        raise Stopped(f"SUBSCRIPTIONS must be {SUBSCRIPTIONS.words}.") from None
