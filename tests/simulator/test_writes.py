"""What apps may write: PATCH and comments, by Graph's rules for each collection."""

import json
from typing import Any

import pytest

from local.simulator.products import LEGACY_PRODUCTS
from local.simulator.wire import Response
from local.simulator.write_rules import RULES
from tests.simulator import openapi
from tests.simulator.client import Client, data, ids
from tests.simulator.conftest import NOON, TENANT, Clock

VENDOR = {"vendorInformation": {"provider": "SecureScore", "vendor": "Microsoft", "providerVersion": None}}
IPC = {"vendorInformation": {"provider": "IPC", "vendor": "Microsoft"}}
COMMENT = {"@odata.type": "microsoft.graph.security.alertComment", "comment": "closed by Zoë"}
WHOLE = {"prefer": "include-unknown-enum-members, return=representation"}


@pytest.fixture
def world(client: Client) -> Client:
    """One record ``a`` in each collection that can be written."""
    for source in RULES:
        product = "IPC" if source == "alerts" else None
        client.tenant[source].create("2026-11-23T11:00:00Z", id="a", product=product)
    return client


def patch(client: Client, path: str, body: object, **headers: str) -> Response:
    return client.send(path, "PATCH", {name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def refusal(answer: Response) -> tuple[int, str, str]:
    """Status, code and message of an error."""
    error = json.loads(answer.body)["error"]
    return answer.status, error["code"], error["message"]


def good(source: str) -> dict[str, Any]:
    """A change that the collection takes."""
    if source == "secureScoreControlProfiles":
        return VENDOR | {"state": "Ignored"}
    return {"assignedTo": "x"} | (IPC if source == "alerts" else {})


def entry(client: Client) -> dict[str, Any]:
    """The last state of the control ``a``."""
    found: dict[str, Any] = client.get("secureScoreControlProfiles/a")["controlStateUpdates"][-1]
    return found


# Who may


@pytest.mark.parametrize(
    ("role", "writable"),
    [
        ("SecurityAlert.ReadWrite.All", {"alerts_v2"}),
        ("SecurityIncident.ReadWrite.All", {"incidents"}),
        ("SecurityEvents.ReadWrite.All", {"alerts", "secureScoreControlProfiles"}),
        ("SecurityAlert.Read.All", set()),
        ("SecurityIncident.Read.All", set()),
        ("SecurityEvents.Read.All", set()),
    ],
)
def test_writing_wants_a_role_of_its_own(world: Client, role: str, writable: set[str]) -> None:
    """Reading roles write nothing; the 403 names the role that would."""
    world.token = world.graph.issue_token(TENANT, [role])

    answers = {source: patch(world, f"{source}/a", good(source)) for source in RULES}

    assert {source for source, answer in answers.items() if answer.status in {200, 204}} == writable
    for source, answer in answers.items():
        if source not in writable:
            status, code, message = refusal(answer)
            assert (status, code) == (403, "accessDenied" if RULES[source].by_vendor else "Forbidden")
            assert ".ReadWrite.All, application roles: " in message
            assert "Read.All" not in message.partition(", application")[0].replace("ReadWrite", "")


def test_comments_want_the_writing_role(world: Client) -> None:
    """A comment is a write."""
    world.token = world.graph.issue_token(TENANT, ["SecurityAlert.Read.All", "SecurityIncident.Read.All"])

    for source in ("alerts_v2", "incidents"):
        assert refusal(world.send(f"{source}/a/comments", "POST", body=COMMENT))[0] == 403


def test_no_valid_token_is_401(world: Client) -> None:
    """Without a token that was issued nothing is written."""
    world.token = "nobody"  # noqa: S105

    assert refusal(patch(world, "alerts_v2/a", {}))[:2] == (401, "InvalidAuthenticationToken")


def test_what_cannot_be_written(world: Client) -> None:
    """Scores, lists and comments as such take no PATCH; only Defender's collections have comments."""
    score = world.tenant["secureScores"].create("2026-11-23T00:00:00Z")

    for path, method, allowed in [
        (f"secureScores/{score}", "PATCH", "GET"),
        ("alerts_v2", "PATCH", "GET"),
        ("alerts_v2/a", "POST", "GET, PATCH"),
        ("alerts_v2/a/comments", "GET", "POST"),
        ("incidents/a/comments", "PATCH", "POST"),
    ]:
        answer = world.send(path, method, body={})
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    for path in ("alerts/a/comments", "secureScoreControlProfiles/a/comments", "alerts_v2/a/comments/1"):
        assert refusal(world.send(path, "POST", body=COMMENT))[:2] == (400, "BadRequest")


@pytest.mark.parametrize("source", RULES)
def test_unknown_ids_are_404(world: Client, source: str) -> None:
    """Nothing is made by writing to it."""
    assert refusal(patch(world, f"{source}/none", good(source)))[:2] == (404, "itemNotFound")


# What a body must be


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b"{}"),
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"{}"),
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'"x"'),
        ("application/json", b"\xff{}"),
        ("application/json", b'{"assignedTo": "\\ud800"}'),
        ("application/json", b"[" * 100_000),
    ],
)
def test_a_body_is_a_json_object(world: Client, content_type: str, body: bytes) -> None:
    """Anything else is 400, and the record stays as it is."""
    before = world.send("alerts_v2/a").body

    for path, method in (("alerts_v2/a", "PATCH"), ("alerts_v2/a/comments", "POST")):
        answer = world.send(path, method, {"content-type": content_type}, body=body)
        assert refusal(answer)[:2] == (400, "BadRequest")

    assert world.send("alerts_v2/a").body == before


def test_a_content_type_may_have_parameters(world: Client) -> None:
    """charset and odata.metadata do no harm."""
    headers = {"content-type": "Application/JSON; charset=utf-8;odata.metadata=minimal"}

    assert world.send("alerts_v2/a", "PATCH", headers, body=b'{"status": "resolved"}').status == 200


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("alerts_v2", {"title": "x"}),
    ("alerts_v2", {"unheardOf": 1}),
    ("alerts_v2", {"comments": []}),
    ("alerts_v2", IPC),
    ("alerts_v2", {"status": "newAlert"}),
    ("alerts_v2", {"status": "Resolved"}),
    ("alerts_v2", {"status": None}),
    ("alerts_v2", {"status": ["new"]}),
    ("alerts_v2", {"classification": "benignPositive"}),
    ("alerts_v2", {"determination": "unheardOf"}),
    ("alerts_v2", {"determination": "unknownFutureValue"}),
    ("alerts_v2", {"assignedTo": 7}),
    ("alerts_v2", {"customDetails": {"n": 1}}),
    ("alerts_v2", {"customDetails": "x"}),
    ("incidents", {"status": "new"}),
    ("incidents", {"status": "awaitingAction"}),
    ("incidents", {"determination": "clean"}),
    ("incidents", {"severity": "critical"}),
    ("incidents", {"customTags": "x"}),
    ("incidents", {"customTags": [1]}),
    ("incidents", {"priorityScore": 1}),
    ("incidents", {"lastUpdateDateTime": "2026-11-23T12:00:00Z"}),
    ("alerts", IPC | {"status": "new"}),
    ("alerts", IPC | {"feedback": "informationalExpectedActivity"}),
    ("alerts", IPC | {"comments": ["free text"]}),
    ("alerts", IPC | {"comments": "Closed in IPC"}),
    ("alerts", IPC | {"closedDateTime": "yesterday"}),
    ("alerts", IPC | {"tags": [None]}),
    ("alerts", IPC | {"severity": "low"}),
    ("secureScoreControlProfiles", VENDOR | {"state": "ignored"}),
    ("secureScoreControlProfiles", VENDOR | {"state": None}),
    ("secureScoreControlProfiles", VENDOR | {"title": "x"}),
    ("secureScoreControlProfiles", VENDOR | {"controlStateUpdates": []}),
    ("secureScoreControlProfiles", VENDOR | {"controlStateUpdates": {"state": "Ignored"}}),
    ("secureScoreControlProfiles", VENDOR | {"controlStateUpdates": [{"state": "Off"}]}),
    ("secureScoreControlProfiles", VENDOR | {"controlStateUpdates": [{"unheardOf": "x"}]}),
    ("secureScoreControlProfiles", VENDOR | {"state": "Ignored", "controlStateUpdates": [{"state": "Ignored"}]}),
]


@pytest.mark.parametrize(("source", "body"), WRONG, ids=str)
def test_wrong_properties_and_members_are_400(world: Client, source: str, body: dict[str, Any]) -> None:
    """The error names the property; a good part of the body is not written either."""
    before = world.send(f"{source}/a").body

    status, code, message = refusal(patch(world, f"{source}/a", {**body, "assignedTo": body.get("assignedTo", "x")}))

    assert (status, code) == (400, "BadRequest")
    assert any(name in message for name in body)
    assert world.send(f"{source}/a").body == before
    assert len(list(world.tenant[source].revisions())) == 1


# What is written


RIGHT: list[tuple[str, str, Any]] = [
    *(("alerts_v2", "status", member) for member in ("new", "inProgress", "resolved")),
    ("alerts_v2", "classification", "informationalExpectedActivity"),
    ("alerts_v2", "determination", "lineOfBusinessApplication"),
    ("alerts_v2", "determination", None),
    ("alerts_v2", "assignedTo", None),
    ("alerts_v2", "customDetails", {"ticket": "4711"}),
    *(("incidents", "status", member) for member in ("active", "inProgress", "resolved", "redirected")),
    ("incidents", "classification", "falsePositive"),
    ("incidents", "determination", "notMalicious"),
    ("incidents", "customTags", ["<b>", "ü"]),
    ("incidents", "severity", "high"),
    *(
        ("incidents", name, "text")
        for name in ("assignedTo", "description", "displayName", "resolvingComment", "summary")
    ),
    *(("alerts", "status", member) for member in ("unknown", "newAlert", "inProgress", "resolved")),
    ("alerts", "feedback", "benignPositive"),
    ("alerts", "comments", ["Closed in IPC", "Closed in MCAS"]),
    ("alerts", "closedDateTime", "2026-11-23T11:59:00.0000000Z"),
    ("alerts", "tags", ["a", "b"]),
    ("alerts", "assignedTo", "x"),
]


@pytest.mark.parametrize(("source", "name", "value"), RIGHT, ids=str)
def test_what_is_sent_is_read_back(world: Client, clock: Clock, source: str, name: str, value: Any) -> None:
    """The property and the cursor are new, and nothing else is but what belongs to the property."""
    before = world.get(f"{source}/a", headers=WHOLE)
    clock.pass_(minutes=1)

    answer = patch(world, f"{source}/a", {**good(source), "assignedTo": before["assignedTo"], name: value}, **WHOLE)

    after = world.get(f"{source}/a", headers=WHOLE)
    assert data(answer) == after
    changed = {key for key in before if before[key] != after.get(key)}
    assert after[name] == value
    cursor = world.tenant[source].source.cursor
    assert cursor in changed
    assert changed <= {name, cursor, "resolvedDateTime"}
    assert after[cursor] == "2026-11-23T12:01:00.0000000Z"


@pytest.mark.parametrize(
    ("page", "csdl"),
    [
        ("compromisedUser", "compromisedAccount"),
        ("clean", "notMalicious"),
        ("insufficientData", "notEnoughDataToValidate"),
        ("confirmedUserActivity", "confirmedActivity"),
    ],
)
def test_determinations_by_the_names_of_the_page(world: Client, page: str, csdl: str) -> None:
    """The names that "Update alert" lists mean those of the CSDL, which are read back."""
    assert data(patch(world, "alerts_v2/a", {"determination": page}))["determination"] == csdl


def test_resolving_has_a_time(world: Client, clock: Clock) -> None:
    """resolvedDateTime comes with the status, stays while it is resolved, and goes when it is opened again."""
    first = data(patch(world, "alerts_v2/a", {"status": "resolved"}))["resolvedDateTime"]
    clock.pass_(minutes=1)
    again = data(patch(world, "alerts_v2/a", {"status": "resolved"}))["resolvedDateTime"]
    opened = data(patch(world, "alerts_v2/a", {"status": "inProgress"}))["resolvedDateTime"]

    assert (first, again, opened) == ("2026-11-23T12:00:00.0000000Z", "2026-11-23T12:00:00.0000000Z", None)


def test_each_write_is_a_revision(world: Client) -> None:
    """Also one that changes no value, and several in the same instant: each a tick later, each in the truth."""
    for body in ({"assignedTo": "x"}, {"assignedTo": "x"}, {}, {"@odata.type": "#microsoft.graph.security.alert"}):
        assert patch(world, "alerts_v2/a", body).status == 200

    assert [revision.at[11:] for revision in world.tenant["alerts_v2"].revisions()] == [
        "11:00:00.0000000Z",
        "12:00:00.0000000Z",
        "12:00:00.0000001Z",
        "12:00:00.0000002Z",
        "12:00:00.0000003Z",
    ]
    [listed] = world.get("alerts_v2")["value"]
    assert (listed["lastUpdateDateTime"][11:], listed["assignedTo"]) == ("12:00:00.0000003Z", "x")


def test_written_values_outlast_what_happens_next(world: Client, clock: Clock) -> None:
    """A later update of the world leaves what an analyst wrote, and a write takes no step of the world's."""
    patch(world, "alerts_v2/a", {"status": "resolved", "classification": "falsePositive"})
    clock.pass_(minutes=1)
    world.tenant["alerts_v2"].update("a", clock())

    after = world.get("alerts_v2/a")

    assert (after["status"], after["classification"], len(after["comments"])) == ("resolved", "falsePositive", 1)


@pytest.mark.parametrize("source", ["alerts_v2", "incidents"])
def test_comments_grow(world: Client, source: str) -> None:
    """The answer holds all comments, who wrote and when; each is a revision that holds it."""
    world.tenant[source].update("a", "2026-11-23T11:30:00Z")
    there = world.get(f"{source}/a")["comments"]

    first = data(world.send(f"{source}/a/comments", "POST", body=COMMENT))
    second = data(world.send(f"{source}/a/comments", "POST", body={"comment": "<script>"}))

    assert first["@odata.context"].endswith(f"#security/{source}('a')/comments")
    assert first["value"][:-1] == there
    assert first["value"] == second["value"][:-1]
    assert [comment["comment"] for comment in second["value"][-2:]] == ["closed by Zoë", "<script>"]
    assert second["value"][-1]["createdDateTime"] == "2026-11-23T12:00:00.0000001Z"
    assert second["value"][-1]["createdByDisplayName"]
    assert world.get(f"{source}/a")["comments"] == second["value"]
    assert len(list(world.tenant[source].revisions())) == 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"comment": ""},
        {"comment": " \n"},
        {"comment": None},
        {"comment": 7},
        COMMENT | {"createdByDisplayName": "somebody else"},
        COMMENT | {"@odata.type": "microsoft.graph.security.alert"},
        COMMENT | {"@odata.type": 7},
    ],
    ids=str,
)
def test_wrong_comments_are_400(world: Client, body: dict[str, Any]) -> None:
    """Without a text, of another type, or in somebody else's name."""
    assert refusal(world.send("alerts_v2/a/comments", "POST", body=body))[:2] == (400, "BadRequest")
    assert world.get("alerts_v2/a")["comments"] == []


# Legacy alerts and control profiles


@pytest.mark.parametrize("source", ["alerts", "secureScoreControlProfiles"])
def test_204_unless_the_resource_is_preferred(world: Client, source: str) -> None:
    """No content by default; with Prefer: return=representation, alone or among others, the record."""
    plain = patch(world, f"{source}/a", good(source))
    other = patch(world, f"{source}/a", good(source), prefer="include-unknown-enum-members")
    alone = patch(world, f"{source}/a", good(source), prefer="return=representation")
    among = patch(world, f"{source}/a", good(source), **WHOLE)

    assert (plain.status, plain.body, other.status, other.body) == (204, b"", 204, b"")
    assert alone.headers["Preference-Applied"] == among.headers["Preference-Applied"] == "return=representation"
    assert data(alone)["id"] == "a"
    assert data(among) == world.get(f"{source}/a")


@pytest.mark.parametrize("source", ["alerts", "secureScoreControlProfiles"])
@pytest.mark.parametrize(
    "vendor",
    [
        None,
        "Microsoft",
        {},
        {"vendor": "Microsoft"},
        {"provider": "«own»"},
        {"provider": None, "vendor": "Microsoft"},
        {"provider": "«own»", "vendor": ""},
        {"provider": "«own»", "vendor": "Contoso"},
        {"provider": "MCAS", "vendor": "Microsoft"},
        {"provider": ["IPC"], "vendor": "Microsoft"},
    ],
    ids=str,
)
def test_the_vendor_must_be_the_records_own(world: Client, source: str, vendor: Any) -> None:
    """A body without vendorInformation, provider or vendor, or with those of another, is 400."""
    own = world.get(f"{source}/a")["vendorInformation"]["provider"]
    text = json.dumps(good(source) | {"vendorInformation": vendor}).replace("«own»", own)

    status, code, message = refusal(patch(world, f"{source}/a", json.loads(text)))

    assert (status, code) == (400, "BadRequest")
    assert "vendorInformation" in message


def test_who_takes_updates_of_legacy_alerts(client: Client) -> None:
    """Sentinel and Office 365 refuse in words, every other provider accepts."""
    refused = {}
    for product in LEGACY_PRODUCTS:
        alert = client.tenant["alerts"].create(NOON, product=product.name)
        body = {"status": "resolved", "vendorInformation": {"provider": product.provider, "vendor": "Microsoft"}}
        answer = patch(client, f"alerts/{alert}", body)
        if answer.status != 204:
            refused[product.service_source] = refusal(answer)

    assert refused.keys() == {"microsoftSentinel", "microsoftDefenderForOffice365"}
    assert {answer[:2] for answer in refused.values()} == {(400, "notSupported")}
    assert "'Azure Sentinel' does not support updating" in refused["microsoftSentinel"][2]


def test_both_shapes_of_a_control_change(world: Client, clock: Clock) -> None:
    """Flat, or as the last one of a list: a new entry at the end, and what was not sent stays as it was."""
    path = "secureScoreControlProfiles/a"
    before = world.get(path)["controlStateUpdates"]
    patch(world, path, VENDOR | {"state": "ThirdParty", "comment": "by Fabrikam", "assignedTo": ""})
    flat = entry(world)
    clock.pass_(minutes=1)
    listed = [*world.get(path)["controlStateUpdates"], {"state": "Reviewed"}]
    patch(world, path, VENDOR | {"controlStateUpdates": listed})

    after = world.get(path)["controlStateUpdates"]

    assert flat == {
        "assignedTo": "",
        "comment": "by Fabrikam",
        "state": "ThirdParty",
        "updatedBy": flat["updatedBy"],
        "updatedDateTime": "2026-11-23T12:00:00.0000000Z",
    }
    assert after == [*before, flat, flat | {"state": "Reviewed", "updatedDateTime": "2026-11-23T12:01:00.0000000Z"}]


def test_a_control_without_a_change_is_a_revision(world: Client) -> None:
    """vendorInformation alone adds no state."""
    before = world.get("secureScoreControlProfiles/a")
    patch(world, "secureScoreControlProfiles/a", VENDOR)
    after = world.get("secureScoreControlProfiles/a")

    assert before["controlStateUpdates"] == after["controlStateUpdates"]
    assert before["lastModifiedDateTime"] < after["lastModifiedDateTime"]


@pytest.mark.parametrize("state", ["Default", "Ignored", "ThirdParty", "Reviewed"])
def test_the_states_of_a_control(world: Client, state: str) -> None:
    """These four."""
    patch(world, "secureScoreControlProfiles/a", VENDOR | {"state": state})

    assert entry(world)["state"] == state


def test_controls_of_defender_for_endpoint_are_refused(full: Client) -> None:
    """scid_… cannot be updated through this API, says the answer."""
    control = next(row.id for row in full.tenant["secureScoreControlProfiles"].current() if row.id.startswith("scid_"))

    status, code, message = refusal(patch(full, f"secureScoreControlProfiles/{control}", VENDOR | {"state": "Ignored"}))

    assert (status, code) == (400, "notSupported")
    assert "cannot be updated through this API" in message


# If-Match


@pytest.mark.parametrize("source", RULES)
def test_if_match(world: Client, source: str) -> None:
    """The present ETag and * are taken, any other is 412; each revision has its own, which every answer shows."""
    path = f"{source}/a"
    first = world.send(path).headers["ETag"]
    assert first == world.send(path).headers["ETag"]

    one = patch(world, path, good(source), if_match=first)
    stale = patch(world, path, good(source), if_match=first)
    two = patch(world, path, good(source), if_match="*")
    world.tenant[source].change(1, seed=1, at="2026-11-23T13:00:00Z")

    assert [answer.status in {200, 204} for answer in (one, stale, two)] == [True, False, True]
    assert refusal(stale)[:2] == (412, "resourceModified")
    tags = [first, one.headers["ETag"], two.headers["ETag"], world.send(path).headers["ETag"]]
    assert len(set(tags)) == 4
    assert all(tag.startswith('W/"') and tag.endswith('"') for tag in tags)


# Trouble


def test_faults_strike_writes(world: Client) -> None:
    """The script, an outage, a poison record, a failed provider and a retired source are in the way as for reads."""
    faults = world.graph.faults["alerts_v2"]
    faults.outage = 503
    assert patch(world, "alerts_v2/a", {}).status == 503
    faults.outage = None
    faults.poison = {"a"}
    assert patch(world, "alerts_v2/a", {}).status == 500
    assert world.send("alerts_v2/a/comments", "POST", body=COMMENT).status == 500
    faults.poison = set()
    faults.gone = "410"
    assert patch(world, "alerts_v2/a", {}).status == 410
    faults.gone = "empty"
    assert patch(world, "alerts_v2/a", {}).status == 404
    assert len(list(world.tenant["alerts_v2"].revisions())) == 1


def test_writes_count_towards_the_budget(world: Client) -> None:
    """150 requests a minute, whatever they are."""
    world.graph.faults.requests_per_minute = 2

    statuses = [patch(world, "alerts_v2/a", {}).status for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_a_lost_answer(world: Client) -> None:
    """The write is done, its answer is lost, once for each that was asked for; reads do not use it up."""
    world.graph.faults["alerts_v2"].lose_write_answers = 2

    assert world.send("alerts_v2/a").status == 200
    with pytest.raises(ConnectionResetError):
        patch(world, "alerts_v2/a", {"status": "resolved"})
    with pytest.raises(ConnectionResetError):
        world.send("alerts_v2/a/comments", "POST", body=COMMENT)
    assert patch(world, "alerts_v2/a", {}).status == 200

    after = world.get("alerts_v2/a")
    assert (after["status"], len(after["comments"])) == ("resolved", 1)
    assert ids(world.get("alerts_v2")["value"]) == ["a"]


def test_a_refused_write_loses_no_answer(world: Client) -> None:
    """Only what is done can be lost."""
    world.graph.faults["alerts_v2"].lose_write_answers = 1

    assert patch(world, "alerts_v2/a", {"title": "x"}).status == 400
    assert world.graph.faults["alerts_v2"].lose_write_answers == 1


# The table


@pytest.mark.parametrize("source", RULES)
def test_the_table_is_of_graphs_types(source: str) -> None:
    """Each field is a property of the type, but for the flat shape of a control, whose type is open."""
    described = openapi.document()["components"]["schemas"][RULES[source].odata_type]["allOf"][1]

    assert RULES[source].fields.keys() - described["properties"].keys() == (
        {"state", "comment", "assignedTo"} if source == "secureScoreControlProfiles" else set()
    )


@pytest.mark.parametrize(
    ("source", "field", "enum", "refused"),
    [
        ("alerts_v2", "status", "security.alertStatus", {"unknown"}),
        ("alerts_v2", "classification", "security.alertClassification", set()),
        ("alerts_v2", "determination", "security.alertDetermination", set()),
        ("incidents", "status", "security.incidentStatus", {"awaitingAction"}),
        ("incidents", "severity", "security.alertSeverity", set()),
        ("incidents", "determination", "security.alertDetermination", set()),
        ("alerts", "status", "alertStatus", {"dismissed"}),
        ("alerts", "feedback", "alertFeedback", set()),
    ],
)
def test_members_are_those_of_the_description(
    world: Client, source: str, field: str, enum: str, refused: set[str]
) -> None:
    """Every member of the enum is taken, but for the few that the "Update" pages do not have."""
    members = set(openapi.document()["components"]["schemas"][f"microsoft.graph.{enum}"]["enum"])

    taken = {each for each in members if patch(world, f"{source}/a", {**good(source), field: each}).status < 300}

    assert members - taken == refused | {"unknownFutureValue"}
