"""What may be written, as a table: the fields and enum members by Graph's "Update" pages and its CSDL (2026-08)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.simulator.products import Product
from local.simulator.timestamps import parse
from local.simulator.timestamps import text as time_text

type Reader = Callable[[Any], Any]
"""A value as sent in, the value to keep out; a ValueError where the field cannot have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The writes of one entity set."""

    odata_type: str
    fields: Mapping[str, Reader]
    commented: bool = False
    """``POST …/comments`` adds a comment."""
    by_vendor: bool = False
    """The body must name the record's ``vendorInformation``, and the answer is 204 unless the resource is preferred."""
    refuse: Callable[[Product, str], str | None] = lambda _product, _id: None
    """(product, id) -> why a record cannot be updated at all; None: it can."""


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def text_or_null(value: Any) -> str | None:
    """A text, or nothing."""
    return None if value is None else text(value)


def _moment(value: Any) -> str | None:
    try:
        return None if value is None else time_text(parse(text(value)))
    except ValueError:
        raise ValueError("a timestamp") from None


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a collection of strings")
    return [text(each) for each in value]


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("an object of strings")
    return {name: text(each) for name, each in value.items()}


def one_of(*members: str | None, also: Mapping[str, str] | None = None) -> Reader:
    """A reader of enum members; ``also`` has further names, each with the member that it means."""
    meanings = {member: member for member in members} | dict(also or {})

    def read(value: Any) -> str | None:
        if not isinstance(value, str | None) or value not in meanings:
            raise ValueError(f"one of {', '.join(str(member) for member in members)}")
        return meanings[value]

    return read


def _some_of(*allowed: str) -> Reader:
    def read(value: Any) -> list[str]:
        if not {*_texts(value)} <= {*allowed}:
            raise ValueError(f"some of {', '.join(allowed)}")
        return _texts(value)

    return read


CONTROL_STATES: Final = ("Default", "Ignored", "ThirdParty", "Reviewed")
"""Of ``secureScoreControlStateUpdate``."""
CONTROL_CHANGE: Final[Mapping[str, Reader]] = {
    "assignedTo": text_or_null,
    "comment": text_or_null,
    "state": one_of(*CONTROL_STATES),
}
READ_ONLY_IN_CHANGE: Final = frozenset({"updatedBy", "updatedDateTime"})
"""Come back with an entry that was read; Graph sets them itself."""


def _control_changes(value: Any) -> list[dict[str, Any]]:
    """``controlStateUpdates``, at least one."""
    if not isinstance(value, list) or not value:
        raise ValueError("a collection of state updates")
    return [_control_change(each) for each in value]


def _control_change(value: Any) -> dict[str, Any]:
    names = CONTROL_CHANGE.keys() | READ_ONLY_IN_CHANGE
    if not isinstance(value, dict) or {name for name in value if not name.startswith("@odata.")} - names:
        raise ValueError(f"an object of {', '.join(sorted(names))}")
    return {name: read(value[name]) for name, read in CONTROL_CHANGE.items() if name in value}


_CLASSIFICATIONS = ("unknown", "falsePositive", "truePositive", "informationalExpectedActivity")
_DETERMINATIONS = (
    "unknown",
    "apt",
    "malware",
    "securityPersonnel",
    "securityTesting",
    "unwantedSoftware",
    "other",
    "multiStagedAttack",
    "compromisedAccount",
    "phishing",
    "maliciousUserActivity",
    "notMalicious",
    "notEnoughDataToValidate",
    "confirmedActivity",
    "lineOfBusinessApplication",
)

_NOT_WRITABLE = frozenset({"microsoftSentinel", "microsoftDefenderForOffice365"})
"""Products with "Not supported" in the overview's table of today; Office 365 never was."""


def _provider_refuses(product: Product, _id: str) -> str | None:
    if product.service_source in _NOT_WRITABLE:
        return f"The provider '{product.provider}' does not support updating alerts."
    return None


def _control_refuses(_product: Product, record_id: str) -> str | None:
    if record_id.startswith("scid_"):
        return (
            f"The control '{record_id}' is of Microsoft Defender for Endpoint and cannot be updated through this API."
        )
    return None


RULES: Final[Mapping[str, Rules]] = {
    "alerts_v2": Rules(
        odata_type="microsoft.graph.security.alert",
        fields={
            "status": one_of("new", "inProgress", "resolved"),
            "classification": one_of(*_CLASSIFICATIONS, None),
            # "Update alert" has four names that the CSDL has otherwise; what is read back is always the CSDL's.
            "determination": one_of(
                *_DETERMINATIONS,
                None,
                also={
                    "compromisedUser": "compromisedAccount",
                    "clean": "notMalicious",
                    "insufficientData": "notEnoughDataToValidate",
                    "confirmedUserActivity": "confirmedActivity",
                },
            ),
            "assignedTo": text_or_null,
            "customDetails": _texts_by_name,
        },
        commented=True,
    ),
    "incidents": Rules(
        odata_type="microsoft.graph.security.incident",
        fields={
            "assignedTo": text_or_null,
            "classification": one_of(*_CLASSIFICATIONS, None),
            "customTags": _texts,
            "description": text_or_null,
            "determination": one_of(*_DETERMINATIONS, None),
            "displayName": text_or_null,
            "resolvingComment": text_or_null,
            "severity": one_of("unknown", "informational", "low", "medium", "high"),
            # inProgress is not on the page, but a member by the CSDL that is not hidden.
            "status": one_of("active", "inProgress", "resolved", "redirected"),
            "summary": text_or_null,
        },
        commented=True,
    ),
    "alerts": Rules(
        odata_type="microsoft.graph.alert",
        fields={
            "assignedTo": text_or_null,
            "closedDateTime": _moment,
            "comments": _some_of("Closed in IPC", "Closed in MCAS"),
            "feedback": one_of("unknown", "truePositive", "falsePositive", "benignPositive", None),
            "status": one_of("unknown", "newAlert", "inProgress", "resolved"),
            "tags": _texts,
        },
        by_vendor=True,
        refuse=_provider_refuses,
    ),
    "secureScoreControlProfiles": Rules(
        odata_type="microsoft.graph.secureScoreControlProfile",
        # Which shape the service honours is not known: the page of 2021 had the flat one, the type has the list.
        fields={**CONTROL_CHANGE, "controlStateUpdates": _control_changes},
        by_vendor=True,
        refuse=_control_refuses,
    ),
}
