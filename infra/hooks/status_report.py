"""The app's status in words. Pure.

Its shape is the README's (`GET /api/status`); what is not there is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

type Status = Mapping[str, Any]

_BEHIND: Final = ("waiting", "late")


def exports_are_awaited(status: Status, since: str) -> bool:
    """Whether a source was not exported, nor tried, after ``since`` (text as in the status)."""
    return any(
        source["state"] in _BEHIND or (source.get("failure") or {"at": since})["at"] < since
        for _, _, source in _sources(status)
    )


def subscriptions_are_awaited(status: Status, since: str) -> bool:
    """Whether subscriptions were not looked after, after ``since``."""
    tenants = (status.get("subscriptions") or {}).values()
    return any((tenant["checked"] or "") < since for tenant in tenants)


def knows_its_urls(status: Status) -> bool:
    """Whether the app has read NOTIFICATION_URL; only then it speaks of subscriptions."""
    return "subscriptions" in status


def lines(status: Status) -> Iterator[str]:
    """The status for a person."""
    yield "Status: " + ("healthy" if status.get("healthy") else "not healthy (yet)")
    tenant_before = None
    for tenant, name, source in _sources(status):
        if tenant != tenant_before:
            yield f"  Tenant {tenant}"
            tenant_before = tenant
        yield f"    {name:27}{source['state']:9}{_of_source(source)}"
        for warning in source.get("warnings") or ():
            yield f"      {warning}"
        if gaps := source.get("gaps"):
            yield f"      {len(gaps)} gap(s): Graph kept something back; see status itself"
    for tenant, kept in (status.get("subscriptions") or {}).items():
        yield f"  Subscriptions of tenant {tenant}"
        if kept.get("failure"):
            yield f"    {kept['failure']}"
        for one in kept["subscriptions"]:
            words = one.get("message") or (f"until {one['expires']}" if one.get("expires") else "")
            yield f"    {one['resource']} ({one['changeType']}): {one['state']}  {words}".rstrip()
    queues = status.get("queues") or {}
    if queues:
        yield "  Queues: " + ", ".join(f"{name} {length}" for name, length in queues.items())


def advice(status: Status) -> Iterator[str]:
    """What to do about it; nothing where all is well."""
    failures = [source["failure"] for _, _, source in _sources(status) if source.get("failure")]
    if any(failure["reason"] == "refused" and "403" in failure["message"] for failure in failures):
        yield (
            "Permissions are missing. 'azd hooks run postprovision' grants them, or prints the commands for who may. "
            "A token issued before is used for up to a day."
        )
    kept = (status.get("subscriptions") or {}).values()
    states = [one["state"] for tenant in kept for one in tenant["subscriptions"]]
    if states and all(state == "refused" for state in states):
        yield (
            "Graph refuses every subscription, so nothing is notified; polling exports all the same. Webhooks cost "
            "always-ready instances. To save them: azd env set WEBHOOKS false, then azd provision"
        )
    elif "refused" in states:
        yield "What Graph refuses is tried again once a day. Take it out of SUBSCRIPTIONS if it is not wanted."
    if any(source["state"] in _BEHIND for _, _, source in _sources(status)):
        yield "Exports are still at work, or wait for their turn; they go on by themselves."


def _sources(status: Status) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tenant, sources in (status.get("tenants") or {}).items():
        for name, source in sources.items():
            yield tenant, name, source


def _of_source(source: Mapping[str, Any]) -> str:
    if failure := source.get("failure"):
        return str(failure["message"])
    if until := source.get("complete_until"):
        return f"{source['records']:,} records, complete until {until[:19]}Z"
    return "nothing was exported yet"
