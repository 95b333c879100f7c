"""What keeps the exported data from being deleted, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Protection:
    """What stands in the way of ``azd down``."""

    account: str
    """The data account's name."""
    locks: Sequence[Resource]
    """As Resource Manager lists them: on the account, or inherited."""
    immutable: bool
    """Whether the container of exported data is under immutability."""
    days: int | None
    """How long each blob of it is kept, where a policy says so."""
    locked: bool
    """Whether nobody can shorten that any more."""

    @property
    def stands(self) -> bool:
        """Whether anything would keep the account from being deleted."""
        return bool(self.locks) or self.immutable


def read(account: str, locks: Sequence[Resource], container: Resource | None) -> Protection:
    """From what Resource Manager says: the locks, and the container or None where it is not there.

    Immutability stands on the container as ``hasImmutabilityPolicy`` with ``immutabilityPolicy``, or, at the level of
    versions, as ``immutableStorageWithVersioning`` ("Blob Containers - Get").
    """
    of = (container or {}).get("properties", {})
    versions = (of.get("immutableStorageWithVersioning") or {}).get("enabled") is True
    held = of.get("hasImmutabilityPolicy") is True or of.get("hasLegalHold") is True
    policy = (of.get("immutabilityPolicy") or {}).get("properties", {})
    days = policy.get("immutabilityPeriodSinceCreationInDays") or None
    return Protection(account, locks, versions or held, days, locked=policy.get("state") == "Locked")


def lines(protection: Protection, app_id: str, group: str) -> Iterator[str]:
    """What is protected, and how to keep or remove it."""
    if not protection.stands:
        yield f"No lock and no retention protects the exported data in {protection.account}: it will be deleted."
        return
    yield "Nothing was deleted. 'azd down' would remove the app first, and then fail at the exported data:"
    for lock in protection.locks:
        properties = lock["properties"]
        notes = f": {properties['notes']}" if properties.get("notes") else ""
        yield f"  The lock '{lock['name']}' ({properties['level']}) protects {protection.account}{notes}"
    if protection.immutable:
        period = f" for {protection.days} days from its creation" if protection.days else ""
        yield f"  The container of exported data is immutable: a blob can't be deleted{period}, nor the"
        yield "  container and its account while they hold such a blob."
        if protection.locked:
            yield "  The policy is locked: nobody can shorten that."
    yield "To keep the data and stop the app's costs, delete the app alone:"
    yield f"  az functionapp delete --ids {app_id}"
    if protection.immutable:
        yield "To delete everything but what retention keeps (and the rest, in the same way, when its time has come):"
    else:
        yield "To delete the data for good, with all its history:"
    for lock in protection.locks:
        yield f"  az lock delete --ids {lock['id']}"
    # Not azd: it would ask this hook again, and retention stands.
    yield f"  az group delete --name {group}" if protection.immutable else "  azd down"
