"""What may be updated, as one table: a row for each collection. Pure.

Sources: Graph's pages *Update alert* (v2 and legacy), *Update incident*, *Update secureScoreControlProfile*, *Create
comment for alert*. Graph decides in the end; what it would surely refuse is refused here, with what is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.graph.sources import CONTROL_PROFILES, INCREMENTAL, Source
from shared.resources.forms import (
    DICTIONARY,
    MOMENT,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    VENDOR,
    Form,
    list_of,
    one_of,
    or_null,
)

VENDOR_FIELD: Final = "vendorInformation"


@dataclass(frozen=True, slots=True)
class Updatable:
    """The rules of one collection."""

    source: Source
    permission: str
    """The application permission that updates it."""
    fields: Mapping[str, Form]
    comments: bool = False
    """Whether a comment can be posted to a record."""
    wants_vendor: bool = False
    """Whether every change must name provider and vendor."""
    shows_result: bool = False
    """Whether Graph answers with the record if that is preferred; else it always does."""
    bell: bool = False
    """Whether an update is a new revision that the export should take."""


_CLASSIFICATION: Final = or_null(one_of("unknown", "falsePositive", "truePositive", "informationalExpectedActivity"))

_DETERMINATIONS: Final = (
    *("unknown", "apt", "malware", "securityPersonnel", "securityTesting", "unwantedSoftware", "other"),
    *("multiStagedAttack", "compromisedAccount", "phishing", "maliciousUserActivity", "notMalicious"),
    *("notEnoughDataToValidate", "confirmedActivity", "lineOfBusinessApplication"),
)

ALERTS_V2: Final = Updatable(
    source=INCREMENTAL["alerts_v2"],
    permission="SecurityAlert.ReadWrite.All",
    fields={
        "assignedTo": TEXT_OR_NULL,
        "classification": _CLASSIFICATION,
        "customDetails": DICTIONARY,
        # Its page and Graph's metadata name different members, so none is refused here.
        "determination": or_null(Form(f"text, such as {', '.join(_DETERMINATIONS)}", TEXT.fits)),
        "status": one_of("new", "inProgress", "resolved"),
    },
    comments=True,
    bell=True,
)

INCIDENTS: Final = Updatable(
    source=INCREMENTAL["incidents"],
    permission="SecurityIncident.ReadWrite.All",
    fields={
        "assignedTo": TEXT_OR_NULL,
        "classification": _CLASSIFICATION,
        "customTags": list_of(TEXT),
        "description": TEXT_OR_NULL,
        "determination": or_null(one_of(*_DETERMINATIONS)),
        "displayName": TEXT_OR_NULL,
        "resolvingComment": TEXT_OR_NULL,
        "severity": one_of("unknown", "informational", "low", "medium", "high"),
        # Its page leaves inProgress out; Graph's metadata has it.
        "status": one_of("active", "inProgress", "resolved", "redirected"),
        "summary": TEXT_OR_NULL,
    },
    comments=True,
    bell=True,
)

ALERTS: Final = Updatable(
    source=INCREMENTAL["alerts"],
    permission="SecurityEvents.ReadWrite.All",
    fields={
        "assignedTo": TEXT_OR_NULL,
        "closedDateTime": MOMENT,
        "comments": list_of(one_of("Closed in IPC", "Closed in MCAS")),
        "feedback": or_null(one_of("unknown", "truePositive", "falsePositive", "benignPositive")),
        "status": one_of("unknown", "newAlert", "inProgress", "resolved"),
        "tags": list_of(TEXT),
        VENDOR_FIELD: VENDOR,
    },
    wants_vendor=True,
    shows_result=True,
    bell=True,
)

PROFILES: Final = Updatable(
    source=CONTROL_PROFILES,
    permission="SecurityEvents.ReadWrite.All",
    # Two shapes, flat as the page of 2021 had it and the list of the type: nobody tells which one Graph honours.
    fields={
        "assignedTo": TEXT_OR_NULL,
        "comment": TEXT_OR_NULL,
        "controlStateUpdates": list_of(OBJECT),
        "state": one_of("Default", "Ignored", "ThirdParty", "Reviewed"),
        "tenantNote": TEXT_OR_NULL,
        VENDOR_FIELD: VENDOR,
    },
    wants_vendor=True,
    shows_result=True,
)

UPDATABLE: Final[Mapping[str, Updatable]] = {
    each.source.name: each for each in (ALERTS_V2, INCIDENTS, ALERTS, PROFILES)
}

_DEFENDER_CONTROL: Final = "scid_"


def refusal(rules: Updatable, id_: str) -> str | None:
    """Why Graph cannot update this record, known before it is asked; None where it may."""
    if rules is PROFILES and id_.startswith(_DEFENDER_CONTROL):
        # https://github.com/KelvinTegelaar/CIPP/issues/4999
        return (
            f"{id_} is a control of Microsoft Defender for Endpoint, and these (scid_...) cannot be updated through "
            "Graph. Set its state in the Defender portal, under Secure score."
        )
    return None
