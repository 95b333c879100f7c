"""The entity sets that are exported, as one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One entity set of Graph's security API."""

    name: str
    """Its name in Graph, in blob names and in settings."""
    permission: str
    """The least application permission that reads it."""
    cursor: str | None
    """The property that tells when a record changed, or when a score was made; None where Graph may leave it null."""
    page_size: int | None
    """The largest ``$top`` that Graph takes; None where ``$top`` is better left out."""
    federated: bool = False
    """Whether ``$top`` counts per provider, so that a page joins several sorted lists (List alerts, legacy)."""

    @property
    def path(self) -> str:
        """The path below Graph's root."""
        return f"/v1.0/security/{self.name}"


INCREMENTAL = {
    source.name: source
    for source in (
        # $top above 1000 is clamped, not refused: elastic/integrations#20234.
        Source("alerts_v2", "SecurityAlert.Read.All", "lastUpdateDateTime", 1000),
        # $top above 50 is refused: wazuh/wazuh#28070.
        Source("incidents", "SecurityIncident.Read.All", "lastUpdateDateTime", 50),
        # Legacy. Microsoft announced that it stops returning data on 2026-10-15.
        Source("alerts", "SecurityEvents.Read.All", "lastModifiedDateTime", 1000, federated=True),
    )
}
"""Exported by windows of time, every revision."""

SECURE_SCORES = Source("secureScores", "SecurityEvents.Read.All", "createdDateTime", 90)
"""One score a day; Graph keeps 90 days (List secureScores)."""

# With $top, following the nextLink has answered 400: microsoftgraph/msgraph-sdk-dotnet#2566.
# lastModifiedDateTime is null in Graph's own example (List secureScoreControlProfiles).
CONTROL_PROFILES = Source("secureScoreControlProfiles", "SecurityEvents.Read.All", cursor=None, page_size=None)
"""A whole snapshot a day."""

DAILY = (SECURE_SCORES.name, CONTROL_PROFILES.name)

SOURCES = INCREMENTAL | {source.name: source for source in (SECURE_SCORES, CONTROL_PROFILES)}
