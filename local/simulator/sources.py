"""The five entity sets as a table: what differs between them, by Graph's reference pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from local.simulator.products import LEGACY_PRODUCTS, PRODUCTS, SECURE_SCORE, XDR, Product
from local.simulator.records.alerts import alert, alert_ordinal
from local.simulator.records.alerts_v2 import alert_v2, alert_v2_id, alert_v2_ordinal
from local.simulator.records.document import Record, guid
from local.simulator.records.incidents import incident, incident_id, incident_ordinal
from local.simulator.records.profiles import profile, profile_id
from local.simulator.records.scores import score, score_id
from local.simulator.timestamps import short_text, text

type FieldType = Literal["text", "time"]


class Render(Protocol):
    """Makes a record's bytes; ``known_only`` masks enum members behind ``unknownFutureValue``."""

    def __call__(self, record: Record, *, known_only: bool) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entity set under ``/v1.0/security/``."""

    name: str
    cursor: str
    """The timestamp by which it is ordered and read on from."""
    roles: tuple[str, ...]
    """Application roles, each of which suffices; the least first."""
    refusal: str
    """Error code of its 403."""
    filters: Mapping[str, FieldType]
    """Fields that ``$filter`` may name."""
    default_top: int
    max_top: int
    clamps_top: bool
    """Above ``max_top``: True clamps without a word, False answers 400."""
    throttled: bool
    """Whether its requests count towards 150 a minute (Graph's throttling limits)."""
    render: Render
    id_of: Callable[[str, int, int, int], str]
    """(tenant, dice, ordinal, ticks) -> id."""
    ordinal_of: Callable[[str], int | None] | None = None
    """id -> ordinal, for large sets; None: ids do not tell, the set is small and keeps a list."""
    products: tuple[Product, ...]
    """Products whose records it holds, picked by the dice."""
    federated: bool = False
    """Each product's provider is asked on its own and the answers are merged."""
    time_text: Callable[[int], str] = text

    @property
    def write_roles(self) -> tuple[str, ...]:
        """Those among the roles that suffice for writing."""
        return tuple(role for role in self.roles if ".ReadWrite." in role)


_XDR_FILTERS: dict[str, FieldType] = {
    "assignedTo": "text",
    "classification": "text",
    "createdDateTime": "time",
    "determination": "text",
    "lastUpdateDateTime": "time",
    "severity": "text",
    "status": "text",
}
_EVENTS = ("SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")

ALERTS_V2 = Source(
    name="alerts_v2",
    cursor="lastUpdateDateTime",
    roles=("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"),
    refusal="Forbidden",
    filters=_XDR_FILTERS | {"serviceSource": "text"},
    default_top=100,
    max_top=1000,
    # Observed, not documented: elastic/integrations#20234 says clamped, not rejected.
    clamps_top=True,
    throttled=True,
    render=alert_v2,
    id_of=lambda _tenant, dice, ordinal, _at: alert_v2_id(dice, ordinal),
    ordinal_of=alert_v2_ordinal,
    products=PRODUCTS,
)
INCIDENTS = Source(
    name="incidents",
    cursor="lastUpdateDateTime",
    roles=("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"),
    refusal="Forbidden",
    filters=_XDR_FILTERS,
    default_top=50,
    # Undocumented; the 400 is quoted in wazuh/wazuh#28070.
    max_top=50,
    clamps_top=False,
    throttled=False,
    render=incident,
    id_of=lambda _tenant, dice, ordinal, _at: incident_id(dice, ordinal),
    ordinal_of=incident_ordinal,
    products=(XDR,),
)
ALERTS = Source(
    name="alerts",
    cursor="lastModifiedDateTime",
    roles=_EVENTS,
    refusal="accessDenied",
    # "List alerts" has no closed list; these are the flat properties of its examples and the cursor's kind.
    filters={
        "assignedTo": "text",
        "category": "text",
        "closedDateTime": "time",
        "createdDateTime": "time",
        "eventDateTime": "time",
        "lastModifiedDateTime": "time",
        "severity": "text",
        "status": "text",
        "title": "text",
        "vendorInformation/provider": "text",
        "vendorInformation/vendor": "text",
    },
    default_top=50,
    max_top=1000,
    clamps_top=False,
    throttled=True,
    render=alert,
    id_of=lambda _tenant, dice, ordinal, _at: guid(dice, ordinal),
    ordinal_of=alert_ordinal,
    products=LEGACY_PRODUCTS,
    federated=True,
)
SECURE_SCORES = Source(
    name="secureScores",
    cursor="createdDateTime",
    roles=_EVENTS,
    refusal="accessDenied",
    filters={"createdDateTime": "time"},
    default_top=100,
    max_top=1000,
    clamps_top=True,
    throttled=True,
    render=score,
    id_of=lambda tenant, _dice, _ordinal, at: score_id(tenant, at),
    products=(SECURE_SCORE,),
    # As in Graph's example: 2019-03-19T00:00:00Z.
    time_text=short_text,
)
PROFILES = Source(
    name="secureScoreControlProfiles",
    cursor="lastModifiedDateTime",
    roles=_EVENTS,
    refusal="accessDenied",
    filters={"id": "text", "controlCategory": "text", "service": "text", "lastModifiedDateTime": "time"},
    default_top=100,
    max_top=1000,
    clamps_top=True,
    throttled=False,
    render=profile,
    id_of=lambda _tenant, _dice, ordinal, _at: profile_id(ordinal),
    products=(SECURE_SCORE,),
)

SOURCES = {source.name: source for source in (ALERTS_V2, INCIDENTS, ALERTS, SECURE_SCORES, PROFILES)}
ROLES = frozenset(role for source in SOURCES.values() for role in source.roles)
