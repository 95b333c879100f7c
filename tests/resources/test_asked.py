"""What a person may ask for, and what is answered to everything else."""

import json
from typing import Any

import pytest

from shared.export.requests import MOST_BYTES, Refused
from shared.resources import asked
from shared.resources.asked import Asked, AskedToRead
from shared.resources.rules import UPDATABLE
from tests.resources.updated import CHANGES, VENDOR
from tests.simulated import TENANT

OTHER = "99999999-2222-3333-4444-555555555555"


def ask(
    collection: str = "alerts_v2",
    body: object = None,
    id_: str | None = "a",
    query: str = "",
    headers: dict[str, str] | None = None,
) -> Asked:
    return asked.update(
        collection=collection,
        id_=id_,
        url=f"https://app.test/api/security/x?{query}",
        headers=headers or {},
        body=body if isinstance(body, bytes) else json.dumps(body or {"status": "new"}).encode(),
        tenants=[TENANT],
        home=TENANT,
    )


def read(query: str, id_: str | None = None, collection: str = "alerts_v2") -> AskedToRead:
    url = f"https://app.test/api/security/x?{query}"
    return asked.reading(collection=collection, id_=id_, url=url, tenants=[TENANT], home=TENANT)


GOOD: list[tuple[str, str, list[Any]]] = [
    ("alerts_v2", "status", ["new", "inProgress", "resolved"]),
    ("alerts_v2", "classification", ["unknown", "falsePositive", "informationalExpectedActivity", None]),
    ("alerts_v2", "determination", ["compromisedUser", "compromisedAccount", "whatever comes", None]),
    ("alerts_v2", "assignedTo", ["zoe@contoso.com", "", None]),
    ("alerts_v2", "customDetails", [{}, {"case": "4711"}]),
    ("incidents", "status", ["active", "inProgress", "resolved", "redirected"]),
    ("incidents", "severity", ["unknown", "informational", "low", "medium", "high"]),
    ("incidents", "determination", ["phishing", None]),
    ("incidents", "customTags", [[], ["one", "two"]]),
    *(("incidents", name, ["text", None]) for name in ("description", "displayName", "resolvingComment", "summary")),
    ("alerts", "status", ["unknown", "newAlert", "inProgress", "resolved"]),
    ("alerts", "feedback", ["unknown", "truePositive", "falsePositive", "benignPositive", None]),
    ("alerts", "comments", [[], ["Closed in IPC", "Closed in MCAS"]]),
    ("alerts", "closedDateTime", ["2026-11-23T04:15:00Z", "2026-11-23T04:15:00.1234567+01:00"]),
    ("alerts", "tags", [[], ["x"]]),
    ("alerts", "vendorInformation", [VENDOR, VENDOR | {"subProvider": None}]),
    ("secureScoreControlProfiles", "state", ["Default", "Ignored", "ThirdParty", "Reviewed"]),
    ("secureScoreControlProfiles", "controlStateUpdates", [[{"state": "Ignored", "anything": 1}]]),
    *(("secureScoreControlProfiles", name, ["x", None]) for name in ("assignedTo", "comment", "tenantNote")),
]


@pytest.mark.parametrize(("collection", "field", "values"), GOOD)
def test_what_graph_takes_is_passed_on_as_it_is(collection: str, field: str, values: list[Any]) -> None:
    """Every field that Graph's pages name, in all its forms."""
    for value in values:
        assert ask(collection, {field: value}).change.fields == {field: value}


def test_the_table_has_every_field() -> None:
    """Whoever adds a field adds its forms here."""
    fields = {(name, field) for name, rules in UPDATABLE.items() for field in rules.fields}
    told = {(collection, field) for collection, field, _ in GOOD}
    also = {("incidents", "assignedTo"), ("incidents", "classification"), ("alerts", "assignedTo")}
    assert fields == told | also | {("secureScoreControlProfiles", "vendorInformation")}


@pytest.mark.parametrize(
    ("collection", "change", "words"),
    [
        ("alerts_v2", {"status": "closed"}, "status must be one of new, inProgress, resolved"),
        ("alerts_v2", {"status": None}, "one of new"),
        ("alerts_v2", {"status": ["new"]}, "one of new"),
        ("alerts_v2", {"classification": "benignPositive"}, "informationalExpectedActivity"),
        ("alerts_v2", {"determination": 1}, "compromisedAccount"),
        ("alerts_v2", {"customDetails": {"case": 4711}}, "an object whose values are text"),
        (
            "alerts_v2",
            {"title": "x", "status": "new"},
            "title cannot be updated. Allowed are assignedTo, classification",
        ),
        ("alerts_v2", {"vendorInformation": VENDOR}, "vendorInformation cannot be updated"),
        ("alerts_v2", {"comment": " "}, "comment must be text that is not empty"),
        ("alerts_v2", {"comment": None}, "comment must be text"),
        ("alerts_v2", {}, "nothing to change. Allowed are assignedTo"),
        ("incidents", {"status": "new"}, "one of active, inProgress, resolved, redirected"),
        ("incidents", {"determination": "compromisedUser"}, "compromisedAccount"),
        ("incidents", {"customTags": "x"}, "a list, each text"),
        ("incidents", {"customDetails": {}}, "customDetails cannot be updated"),
        ("alerts", {"comment": "x"}, "comment cannot be updated"),
        ("alerts", {"comments": ["anything"]}, "Closed in IPC, Closed in MCAS"),
        ("alerts", {"closedDateTime": "2026-11-23T04:15:00"}, "a time such as"),
        ("alerts", {"vendorInformation": {"provider": "IPC"}}, "provider and vendor"),
        ("alerts", {"vendorInformation": {"provider": "IPC", "vendor": ""}}, "provider and vendor"),
        ("secureScoreControlProfiles", {"state": "done"}, "Default, Ignored, ThirdParty, Reviewed"),
        ("secureScoreControlProfiles", {"controlStateUpdates": {"state": "Ignored"}}, "a list, each an object"),
        ("secureScoreControlProfiles", {"title": "x"}, "tenantNote, vendorInformation"),
    ],
)
def test_what_graph_would_refuse_is_400_with_what_is_allowed(
    collection: str, change: dict[str, Any], words: str
) -> None:
    """Nobody has to look up Graph's pages."""
    for id_, body in (("a", change), (None, {"ids": ["a"], "change": change})):
        with pytest.raises(Refused) as refused:
            ask(collection, json.dumps(body).encode(), id_)
        assert refused.value.status == 400
        assert words in str(refused.value)


@pytest.mark.parametrize("collection", ["alerts_v2", "incidents"])
def test_a_comment_is_no_field(collection: str) -> None:
    """It is posted by itself, beside a change or alone; a control's comment is a field."""
    both = ask(collection, {"status": "resolved", "comment": "why"}).change
    assert (both.fields, both.comment) == ({"status": "resolved"}, "why")
    alone = ask(collection, {"comment": "why"}).change
    assert (alone.fields, alone.comment) == ({}, "why")
    control = ask("secureScoreControlProfiles", {"comment": "why"}).change
    assert (control.fields, control.comment) == ({"comment": "why"}, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"status":"\\ud800"}', b"[" * 50_000, b'"x"'])
@pytest.mark.parametrize("id_", ["a", None])
def test_a_body_of_no_known_form_is_400(body: bytes, id_: str | None) -> None:
    """With both forms that there are."""
    with pytest.raises(Refused, match='"ids"') as refused:
        ask("alerts_v2", body, id_)
    assert refused.value.status == 400


def test_a_body_is_bounded() -> None:
    """413, before it is parsed."""
    body = b'{"status":"new"' + b" " * MOST_BYTES + b"}"
    with pytest.raises(Refused) as refused:
        ask("alerts_v2", body)
    assert refused.value.status == 413
    assert ask("alerts_v2", body.replace(b" ", b"", 16)).ids == ("a",)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([], "1 to 100"),
        ([str(number) for number in range(101)], "1 to 100"),
        (["a", "b", "a"], "once"),
        (["a", ".."], "one segment"),
        (["a", ""], "1 to 512"),
        (["a/b"], "one segment"),
        ([1], "Expected `str`"),
        ("a", "Expected `array`"),
    ],
)
def test_ids_of_several_are_checked(ids: Any, words: str) -> None:
    """One that cannot be one spoils the request: nothing is sent."""
    with pytest.raises(Refused, match=words):
        ask("alerts_v2", {"ids": ids, "change": {"status": "new"}}, None)


def test_several_are_taken_in_order() -> None:
    """Up to a hundred."""
    ids = [str(number) for number in range(100, 0, -1)]
    wanted = ask("alerts_v2", {"ids": ids, "change": {"status": "new"}}, None)
    assert (wanted.ids, wanted.bulk) == (tuple(ids), True)
    assert not ask().bulk


@pytest.mark.parametrize("body", [{"ids": ["a"]}, {"change": {"status": "new"}}, {"status": "new"}])
def test_without_an_id_in_the_path_the_body_names_ids_and_change(body: dict[str, Any]) -> None:
    """Nothing else, so that nothing is overlooked."""
    with pytest.raises(Refused):
        ask("alerts_v2", body, None)
    with pytest.raises(Refused):
        ask("alerts_v2", {"ids": ["a"], "change": {"status": "new"}, "comment": "overlooked"}, None)


@pytest.mark.parametrize(
    "id_", [".", "..", "a/b", "a%2Fb", "..%2f..", "a\nb", "\x00", "a\x7fb", "a\u202eb", "x" * 513], ids=ascii
)
def test_an_id_is_one_segment_of_a_path(id_: str) -> None:
    """Else a PATCH could be led to another resource of Graph, with the app's own rights."""
    with pytest.raises(Refused) as refused:
        ask(id_=id_)
    assert refused.value.status == 400
    with pytest.raises(Refused):
        read("", id_)


@pytest.mark.parametrize("id_", ["x" * 512, "da637551227677560813_-961444813", "a b?c#d&e=ü", "...", "a%2Bb"])
def test_other_ids_are_taken_as_they_are(id_: str) -> None:
    """Graph decides which there are."""
    assert ask(id_=id_).ids == (id_,)
    assert read("", id_).id == id_


@pytest.mark.parametrize("collection", ["secureScores", "subscriptions", "Alerts_v2", "", "../users"])
def test_only_four_collections_are_updated(collection: str) -> None:
    """404 with their names."""
    with pytest.raises(Refused, match="alerts_v2, incidents, alerts, secureScoreControlProfiles") as refused:
        ask(collection)
    assert refused.value.status == 404


@pytest.mark.parametrize("tenant", [OTHER, "", "contoso.com", "../x"])
def test_a_tenant_that_is_not_exported_is_404(tenant: str) -> None:
    """For reading, too; whatever its form."""
    for wanted in (lambda: ask(query=f"tenant={tenant}"), lambda: read(f"tenant={tenant}")):
        with pytest.raises(Refused, match="not exported") as refused:
            wanted()
        assert refused.value.status == 404
    assert ask(query=f"tenant={TENANT.upper()}").tenant == ask().tenant == read("").tenant == TENANT


@pytest.mark.parametrize(
    ("query", "dry"), [("", False), ("dryRun=true", True), ("dryrun=TRUE", True), ("dryRun=false&code=x", False)]
)
def test_a_dry_run_is_asked_for_by_true(query: str, dry: bool) -> None:  # noqa: FBT001
    """However it is written."""
    assert ask(query=query).dry_run is dry


@pytest.mark.parametrize("query", ["dryRun", "dryRun=", "dryRun=yes", "dryRun=1", "dryRun=true&dryRun=false"])
def test_a_dry_run_is_not_overlooked(query: str) -> None:
    """Who means one and writes it wrong must not change anything."""
    with pytest.raises(Refused, match=r"dryRun must|dryrun may"):
        ask(query=query)


def test_if_match_is_one_states() -> None:
    """An ETag for one record, anything for several; and nothing that could break out of a header."""
    several = {"ids": ["a", "b"], "change": {"status": "new"}}
    assert ask(headers={"if-match": 'W/"x"'}).if_match == 'W/"x"'
    assert ask(body=several, id_=None, headers={"if-match": "*"}).if_match == "*"
    for value in ("", "a\r\nX: y", "ü", "x" * 513):
        with pytest.raises(Refused, match="If-Match"):
            ask(headers={"if-match": value})
    with pytest.raises(Refused, match="several"):
        ask(body=several, id_=None, headers={"if-match": 'W/"x"'})
    with pytest.raises(Refused, match="comment"):
        ask(body={"comment": "x"}, headers={"if-match": "*"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("zoe@contoso.com", "zoe@contoso.com"),
        ("a\r\nb\x1b[31m\u202ec", "a b [31m c"),
        ("  ", None),
        ("x" * 1000, "x" * 200),
        (None, None),
    ],
)
def test_who_asked_is_one_line(given: str | None, kept: str | None) -> None:
    """Nobody checked it, and it will be looked at."""
    headers = {} if given is None else {"x-requested-by": given}
    assert ask(headers=headers).requested_by == kept


def test_only_graphs_options_are_passed_on() -> None:
    """As they came: a $skiptoken must stay what Graph made of it."""
    query = "code=key&$filter=status%20eq%20'new'&tenant=" + TENANT + "&%24top=5&$skiptoken=a+b%2Bc&$count&x=$y"
    assert read(query).query == "$filter=status%20eq%20'new'&%24top=5&$skiptoken=a+b%2Bc&$count"
    with pytest.raises(Refused, match="4096"):
        read("$filter=" + "x" * 4096)


def test_five_collections_are_read() -> None:
    """The four and the scores; others are 404 with their names."""
    for collection in (*CHANGES, "secureScores"):
        assert read("", "a", collection).source.name == collection
    with pytest.raises(Refused, match="secureScores") as refused:
        read("", "a", "users")
    assert refused.value.status == 404
