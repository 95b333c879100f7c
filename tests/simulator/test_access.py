"""Who may read what, how often, and what a refusal looks like."""

import pytest

from local.simulator.sources import SOURCES
from local.simulator.wire import Request
from tests.simulator.client import ALL_MEMBERS, Client
from tests.simulator.conftest import NOON, TENANT, Clock


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nobody", "Basic x"])
def test_no_valid_token_is_401(full: Client, header: str) -> None:
    """Without a token that was issued here nothing is read."""
    answer = full.graph.answer(Request("GET", "/v1.0/security/alerts_v2", {}, {"authorization": header}))

    assert answer.status == 401
    assert b'"InvalidAuthenticationToken"' in answer.body


def test_tokens_end(full: Client, clock: Clock) -> None:
    """A token is refused after a day."""
    clock.pass_(hours=24)

    assert full.refused("alerts_v2") == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("role", "readable"),
    [
        ("SecurityAlert.Read.All", {"alerts_v2"}),
        ("SecurityAlert.ReadWrite.All", {"alerts_v2"}),
        ("SecurityIncident.Read.All", {"incidents"}),
        ("SecurityEvents.Read.All", {"alerts", "secureScores", "secureScoreControlProfiles"}),
        ("User.Read", set()),
    ],
)
def test_each_source_wants_its_role(full: Client, role: str, readable: set[str]) -> None:
    """A token without the source's role is a 403 that names the roles."""
    full.token = full.graph.issue_token(TENANT, [role])

    answers = {name: full.send(name) for name in SOURCES}

    assert {name for name, answer in answers.items() if answer.status == 200} == readable
    assert {answer.status for answer in answers.values()} <= {200, 403}
    for name, answer in answers.items():
        assert answer.status == 200 or SOURCES[name].roles[0].encode() in answer.body


def test_codes_of_403(full: Client) -> None:
    """The Defender collections say Forbidden, the older ones accessDenied."""
    full.token = full.graph.issue_token(TENANT, [])

    assert full.refused("alerts_v2") == (403, "Forbidden")
    assert full.refused("secureScores") == (403, "accessDenied")


def test_unknown_things(full: Client) -> None:
    """An unknown id is 404, an unknown segment 400, another method 405."""
    assert full.refused("alerts_v2/none") == (404, "itemNotFound")
    assert full.refused("alerts_v2/da638000000000000001_1") == (404, "itemNotFound")
    assert full.refused("alertz") == (400, "BadRequest")
    assert full.refused("alerts_v2/a/b") == (400, "BadRequest")
    assert full.refused("alerts_v2", "DELETE") == (405, "notAllowed")


def test_an_id_is_one_encoded_segment(client: Client) -> None:
    """Ids with a slash or other letters are found percent-encoded."""
    client.tenant["alerts_v2"].create(NOON, id="a/b ü")

    assert client.get("alerts_v2/a%2Fb%20%C3%BC")["id"] == "a/b ü"


def test_request_ids(full: Client) -> None:
    """The caller's client-request-id comes back, beside a request-id of the service."""
    answer = full.send("alerts_v2", headers={"client-request-id": "mine"})

    assert answer.headers["client-request-id"] == "mine"
    assert len(answer.headers["request-id"]) == 36


def test_150_requests_a_minute(full: Client, clock: Clock) -> None:
    """Alerts of both kinds and scores share a budget a tenant; incidents and profiles have none of it."""
    full.graph.faults.requests_per_minute = 150
    for _ in range(50):
        assert [full.send(name, top=1).status for name in ("alerts_v2", "alerts", "secureScores")] == [200] * 3
    clock.pass_(seconds=20)

    refused = full.send("alerts_v2", top=1)

    assert (refused.status, refused.headers["Retry-After"]) == (429, "40")
    assert b'"code": "TooManyRequests"' in refused.body
    assert full.send("incidents", top=1).status == full.send("secureScoreControlProfiles", top=1).status == 200
    clock.pass_(seconds=40)
    assert full.send("alerts_v2", top=1).status == 200


def test_refused_requests_count_too(full: Client, clock: Clock) -> None:
    """Who hammers stays out: throttled calls use up the budget as well."""
    full.graph.faults.requests_per_minute = 2
    for _ in range(4):
        full.send("alerts_v2", top=1)
        clock.pass_(seconds=10)

    assert full.send("alerts_v2", top=1).headers["Retry-After"] == "50"


def test_hidden_members_are_masked(client: Client) -> None:
    """Members behind unknownFutureValue come only with Prefer: include-unknown-enum-members."""
    client.tenant["alerts_v2"].create(NOON, product="Microsoft Sentinel", id="hidden")
    client.tenant["alerts_v2"].create(NOON, product="Microsoft Defender for Identity", id="known")

    def seen(headers: dict[str, str] | None) -> dict[str, tuple[str, str]]:
        rows = client.get("alerts_v2", headers=headers)["value"]
        return {row["id"]: (row["serviceSource"], row["detectionSource"]) for row in rows}

    known = ("microsoftDefenderForIdentity", "microsoftDefenderForIdentity")
    assert seen(None) == {"hidden": ("unknownFutureValue", "unknownFutureValue"), "known": known}
    assert seen(ALL_MEMBERS) == {"hidden": ("microsoftSentinel", "scheduledAlerts"), "known": known}


def test_awaiting_action_is_masked(full: Client) -> None:
    """The incident status behind unknownFutureValue is masked likewise."""
    masked = {row["status"] for row in full.get("incidents", top=50)["value"]}
    shown = {row["status"] for row in full.get("incidents", top=50, headers=ALL_MEMBERS)["value"]}

    assert masked == {"active", "unknownFutureValue"}
    assert shown == {"active", "awaitingAction"}
