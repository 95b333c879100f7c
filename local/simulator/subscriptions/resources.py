"""What may be subscribed to: the ``resource`` of a subscription, read and checked."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from local.simulator.entity_set import EntitySet
from local.simulator.errors import Refusal
from local.simulator.faults import SubscriptionFaults
from local.simulator.odata_filter import Filter, read_filter
from local.simulator.products import LEGACY_PRODUCTS
from local.simulator.sources import ALERTS, ALERTS_V2, Source

_FORM = re.compile(r"/?security/(\w+)(?:/([^/?]+))?/?(?:\?\$filter=(.+))?")
_TYPES = {"alerts": "#Microsoft.Graph.Alert", "alerts_v2": "#Microsoft.Graph.Security.Alert"}
"""In the capitals of the documented examples; no sample of an alert's notification is public."""
_MEMBERS = {
    "severity": {"unknown", "informational", "low", "medium", "high"},
    "status": {"unknown", "newAlert", "new", "inProgress", "resolved", "dismissed"},
}
_WRITE = "SecurityEvents.ReadWrite.All"
_ROLES = {
    # "Create subscription", permissions: the least and only one for security alerts.
    "alerts": frozenset({_WRITE}),
    # Not documented, like the subscription itself: whatever reads them, too.
    "alerts_v2": frozenset({_WRITE, *ALERTS_V2.roles}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The records that a resource names."""

    source: Source
    record_id: str | None = None
    filter: Filter = field(default_factory=Filter)

    @property
    def roles(self) -> frozenset[str]:
        """Application roles, each of which suffices to subscribe."""
        return _ROLES[self.source.name]

    @property
    def odata_type(self) -> str:
        """The type of the records, as notifications name it."""
        return _TYPES[self.source.name]

    def covers(self, records: EntitySet, ordinal: int) -> bool:
        """Whether a record's subscribers are told of it.

        Products without support are silent even where a subscription covers them (microsoft-graph-docs#16474).
        """
        product = records.product(ordinal)
        legacy = records.source is ALERTS
        return (
            records.source is self.source
            and (product.subscribable or not legacy)
            and self.record_id in {None, records.id_of(ordinal)}
            and all(product.filter_keyword and product.provider == name for name in self.filter.providers)
            and self.filter.window.low <= records.at(ordinal) < self.filter.window.high
            and (not self.filter.others or self.filter.keeps(records.render(ordinal)))
        )


def read_scope(resource: str, change_types: frozenset[str], faults: SubscriptionFaults) -> Scope:
    """Read a resource.

    Raises:
        Refusal: it cannot be subscribed to.
    """
    match = _FORM.fullmatch(resource)
    if match is None:
        raise Refusal(400, "BadRequest", f"Invalid resource '{resource}'.")
    name, record_id, clause = match.groups()
    if name == ALERTS_V2.name:
        _check_alerts_v2(resource, change_types, faults)
        source = ALERTS_V2
    elif name == ALERTS.name:
        source = ALERTS
    else:
        raise Refusal(400, "BadRequest", f"Resource '{resource}' is not supported for subscriptions.")
    if record_id is not None:
        if clause is not None:
            raise _invalid_clause()
        return Scope(source, unquote(record_id))
    if clause is None:
        if source is ALERTS:
            # Its words: aspnet-security-api-sample#5; its form: microsoft-graph-docs#12319, with an empty reason.
            raise _forbidden("We do not allow to create subscriptions on /security/alerts, as it's too wide")
        return Scope(source)
    return Scope(source, filter=_read_clause(unquote(clause), source, faults))


def _check_alerts_v2(resource: str, change_types: frozenset[str], faults: SubscriptionFaults) -> None:
    if faults.alerts_v2 == "refused":
        raise Refusal(400, "BadRequest", f"Resource '{resource}' is not supported for subscriptions.")
    if faults.alerts_v2 == "created only" and change_types != {"created"}:
        raise Refusal(400, "BadRequest", "Invalid changeType")


def _read_clause(clause: str, source: Source, faults: SubscriptionFaults) -> Filter:
    """Read a filter: the grammar of lists, and no value that an enum does not have."""
    try:
        read = read_filter(clause, source)
    except Refusal:
        raise _invalid_clause() from None
    if any(condition.value not in _MEMBERS.get(condition.field, {condition.value}) for condition in read.others):
        raise _invalid_clause()
    for provider in read.providers:
        product = next((each for each in LEGACY_PRODUCTS if each.provider == provider), None)
        if product is None:
            raise _invalid_clause()
        if not product.subscribable and faults.unsupported_providers == "refused":
            raise _forbidden("Forbidden")
    return read


def _invalid_clause() -> Refusal:
    return Refusal(400, "BadRequest", "Invalid filter clause")


def _forbidden(reason: str) -> Refusal:
    return Refusal(403, "ExtensionError", f"Operation: Create; Exception: [Status Code: Forbidden; Reason: {reason}]")
