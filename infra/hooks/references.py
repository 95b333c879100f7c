"""Key Vault references in the app's settings: renewed, and waited for.

App Service keeps the values of references for a day, restarts or not; ``refresh`` has them fetched again ("Use Key
Vault references as app settings", Rotation). Shape: "Web Apps - Get App Settings Key Vault References", ApiKVReference.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.hooks.arm import Arm
from shared.clock import Clock

_WITHIN_S: Final = 180.0
_ASK_AGAIN_S: Final = 5.0
_RESOLVED: Final = "Resolved"

_REMEDIES: Final = {
    "AccessToKeyVaultDenied": (
        "the identity needs the role Key Vault Secrets User on the vault (new roles take minutes to spread), and a "
        "private vault the app's virtual network"
    ),
    "SecretNotFound": "the secret is not in the vault: 'azd provision' makes it",
    "VaultNotFound": "the vault does not exist, or its name can't be resolved in the app's virtual network",
    "MSINotEnabled": "the app lacks its identity, or keyVaultReferenceIdentity does not name it: 'azd provision'",
    "FetchTimedOut": "the vault did not answer the app in time: is its network open to the app?",
}
"""What to do by status; ResolveStatus has more members, which explain themselves in details."""


def renew(arm: Arm, site_id: str) -> None:
    """Have all references fetched again."""
    arm.post(f"{site_id}/config/configreferences/appsettings/refresh")


def active(arm: Arm, site_id: str) -> dict[str, str]:
    """The version of its secret that each setting has, where App Service tells it."""
    return {setting: reference.get("activeVersion") or "" for setting, reference in _references(arm, site_id).items()}


def unresolved(arm: Arm, site_id: str, wanted: Mapping[str, str | None], clock: Clock) -> dict[str, str]:
    """Wait until references are resolved; what is wrong, by setting, with those that are not after minutes.

    Args:
        arm: Azure Resource Manager.
        site_id: the function app.
        wanted: versions of secrets by setting; None where any version is good.
        clock: tells the time, and waits.
    """
    until = clock.monotonic() + _WITHIN_S
    while True:
        found = _references(arm, site_id)
        wrong = {
            setting: problem
            for setting, version in wanted.items()
            if (problem := _problem(found.get(setting), version))
        }
        if not wrong or clock.monotonic() + _ASK_AGAIN_S > until:
            return wrong
        clock.sleep(_ASK_AGAIN_S)


def _references(arm: Arm, site_id: str) -> dict[str, Any]:
    """ApiKVReference by setting."""
    items = arm.items(f"{site_id}/config/configreferences/appsettings")
    return {item["name"].rpartition("/")[2]: item["properties"] for item in items}


def _problem(reference: Mapping[str, Any] | None, version: str | None) -> str:
    if reference is None:
        return "it is not a Key Vault reference: 'azd provision' makes it one"
    status, details = reference.get("status"), reference.get("details") or "no details"
    if status != _RESOLVED:
        remedy = _REMEDIES.get(str(status), "see details")
        return f"{status}: {details} What to do: {remedy}."
    active = reference.get("activeVersion")
    if version and active and active != version:
        return "it still holds an older version of the secret: the app fetches the new one within a day."
    return ""
