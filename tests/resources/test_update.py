"""One update and several, from what a person sent to what Graph, storage and the answer then hold."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from local.simulator.faults import Scripted
from shared.graph.answers import Answer
from shared.resources.answering import BUDGET_S
from shared.resources.audit import UNFINISHED
from tests.resources.updated import CHANGES, Updated
from tests.simulated import TENANT

WRITES = {
    "alerts_v2": "SecurityAlert.ReadWrite.All",
    "incidents": "SecurityIncident.ReadWrite.All",
    "alerts": "SecurityEvents.ReadWrite.All",
    "secureScoreControlProfiles": "SecurityEvents.ReadWrite.All",
}


@pytest.fixture
def world() -> Updated:
    return Updated()


def of(item: dict[str, Any]) -> tuple[str, str]:
    """What became of change and comment."""
    return item["done"]["change"], item["done"]["comment"]


# A change


@pytest.mark.parametrize("collection", CHANGES)
def test_a_change_is_made_and_its_result_shown(world: Updated, collection: str) -> None:
    """204 or 200, the answer holds the record as it then is, as Graph sends it."""
    status, answer = world.patch(collection, CHANGES[collection])
    assert (status, answer["status"], of(answer)) == (200, 200, ("done", "not asked for"))
    assert (answer["id"], answer["error"], answer["warnings"]) == ("a", None, [])
    changed = world.record(collection)
    shown = {name: value for name, value in answer["resource"].items() if not name.startswith("@odata")}
    assert shown == changed
    if collection == "secureScoreControlProfiles":
        assert changed["controlStateUpdates"][-1]["state"] == "ThirdParty"
    else:
        assert changed.items() >= CHANGES[collection].items()


@pytest.mark.parametrize("collection", CHANGES)
def test_graph_is_asked_as_its_pages_say(world: Updated, collection: str) -> None:
    """One reading, one PATCH with what changes and no more; provider and vendor where Graph wants them."""
    world.patch(collection, CHANGES[collection])
    (_, _, _, _), (method, url, headers, body), *rest = world.wire.sent
    assert (method, url) == ("PATCH", f"{world.graph.base_url}/v1.0/security/{collection}/a")
    assert headers["Content-Type"] == "application/json"
    assert "If-Match" not in headers
    assert "include-unknown-enum-members" in headers["Prefer"]
    by_vendor = collection in ("alerts", "secureScoreControlProfiles")
    assert ("return=representation" in headers["Prefer"]) == by_vendor
    own = {"vendorInformation": world.record(collection).get("vendorInformation")} if by_vendor else {}
    assert json.loads(body or b"") == {**CHANGES[collection], **own}
    assert rest == []


def test_vendor_information_of_ones_own_is_kept(world: Updated) -> None:
    """Graph refuses a wrong one; nothing is put over it."""
    status, answer = world.patch(
        "alerts", {"status": "resolved", "vendorInformation": {"provider": "MCAS", "vendor": "Microsoft"}}
    )
    assert status == 400
    assert "vendorInformation/provider is not the one" in answer["error"]
    assert world.record("alerts")["status"] != "resolved"


def test_a_record_without_vendor_information(world: Updated) -> None:
    """Graph would refuse it without, so the person is asked for it."""
    world.graph.tenants[TENANT]["secureScoreControlProfiles"].amend("a", {"vendorInformation": None})
    status, answer = world.patch("secureScoreControlProfiles", {"state": "Ignored"})
    assert (status, world.wire.methods()) == (400, ["GET"])
    assert "give provider and vendor" in answer["error"]


def test_controls_of_defender_are_refused_before_graph_is_asked(world: Updated) -> None:
    """With the reason; Graph has nothing to do with it, nor has the audit."""
    world.create("secureScoreControlProfiles", "scid_2001")
    status, answer = world.patch("secureScoreControlProfiles", {"state": "Ignored"}, "scid_2001")
    assert (status, world.wire.sent, world.audits()) == (400, [], [])
    assert "Defender for Endpoint" in answer["error"]
    assert of(answer) == ("not done", "not asked for")


def test_a_204_is_read_again(world: Updated) -> None:
    """Where Graph does not show the result although that is preferred."""
    world.wire.graph.on_request = lambda request: request.headers.update(prefer="")  # type: ignore[attr-defined]
    _, answer = world.patch("alerts", {"status": "resolved"})
    assert world.wire.methods() == ["GET", "PATCH", "GET"]
    assert answer["resource"]["status"] == "resolved"


@pytest.mark.parametrize("id_", ["a b?c#d&e=ü", "%2e%2e", "..."])
def test_an_id_is_one_segment_of_the_url(world: Updated, id_: str) -> None:
    """Whatever is in it, it leads to the record of that name, and nowhere else."""
    world.create("alerts_v2", id_)
    status, answer = world.patch("alerts_v2", {"ids": [id_], "change": {"comment": "x", "status": "resolved"}}, None)
    assert (status, answer["counts"]["ok"], answer["results"][0]["resource"]["id"]) == (200, 1, id_)
    assert json.loads(world.get("alerts_v2", id_)[1])["status"] == "resolved"
    for _, url, _, _ in world.wire.sent:
        path = url.removeprefix(f"{world.graph.base_url}/v1.0/security/alerts_v2/").removesuffix("/comments")
        assert unquote(path) == id_
        assert not set(path) & set("/?#&= ")


class Odd:
    """Graph, but for the body or status of some answers."""

    def __init__(self, world: Updated, method: str, status: int, body: bytes) -> None:
        self._wire, self._method, self._status, self._body = world.wire, method, status, body

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout_s: float = 100
    ) -> Answer:
        answer = self._wire.send(method, url, headers, body, timeout_s)
        return Answer(self._status, answer.headers, self._body) if method == self._method else answer


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>"])
def test_an_answer_that_is_no_record_is_read_again(world: Updated, body: bytes) -> None:
    """The change is made: what Graph says to it must not make it look like a failure."""
    wire = world.wire
    world.wire = Odd(world, "PATCH", 200, body)  # type: ignore[assignment]
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, answer["resource"]["status"], wire.methods()) == (200, "resolved", ["GET", "PATCH", "GET"])


def test_what_is_no_record_is_not_changed(world: Updated) -> None:
    """There would be nothing to keep as before."""
    wire = world.wire
    world.wire = Odd(world, "GET", 200, b"<html>")  # type: ignore[assignment]
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, wire.methods()) == (502, ["GET"])
    assert "no JSON object" in answer["error"]


def test_words_of_graph_that_are_no_text_harm_nothing(world: Updated) -> None:
    """Half a surrogate pair in an error, which can become neither an answer nor an audit."""
    said = b'{"error":{"code":"BadRequest","message":"no: \\ud800 !"}}'
    world.wire = Odd(world, "PATCH", 400, said)  # type: ignore[assignment]
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, "no: ? !" in answer["error"]) == (400, True)
    assert world.audits()[0]["status"] == 400


# If-Match


def test_if_match_is_passed_on(world: Updated) -> None:
    """The state that was read is changed; a later one is not, and 412 tells."""
    records = world.graph.tenants[TENANT]["alerts_v2"]
    etag = records.etag(records.find("a") or 0)
    status, _ = world.patch("alerts_v2", {"status": "resolved"}, if_match=etag)
    assert status == 200
    status, answer = world.patch("alerts_v2", {"status": "new"}, if_match=etag)
    assert (status, of(answer)) == (412, ("not done", "not asked for"))
    assert "changed meanwhile" in answer["error"]
    assert world.record("alerts_v2")["status"] == "resolved"
    assert [each["if_match"] for each in world.audits()] == [etag, etag]


def test_with_if_match_a_lost_answer_is_not_asked_for_again(world: Updated) -> None:
    """The second try would meet the first one's change, and say 412 of what was made."""
    world.graph.faults["alerts_v2"].lose_write_answers = 1
    status, answer = world.patch("alerts_v2", {"status": "resolved"}, if_match="*")
    assert (status, of(answer)) == (503, ("not known", "not asked for"))
    assert world.wire.methods() == ["GET", "PATCH", "GET"]
    assert answer["resource"]["status"] == "resolved"


def test_without_if_match_a_lost_answer_is_asked_for_again(world: Updated) -> None:
    """The same change twice is the same change."""
    world.graph.faults["alerts_v2"].lose_write_answers = 1
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer)) == (200, ("done", "not asked for"))
    assert world.wire.methods() == ["GET", "PATCH", "PATCH"]


def test_a_refusal_after_a_lost_answer_tells_nothing_of_the_lost_one(world: Updated) -> None:
    """The first try was made, the second is refused: nobody can say "not done"."""
    faults = world.graph.faults["alerts_v2"]

    def refuse(method: str) -> None:
        if method == "PATCH" and "PATCH" in world.wire.methods():
            faults.script = [Scripted(403)]

    world.wire.before = refuse
    faults.lose_write_answers = 1
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer)) == (503, ("not known", "not asked for"))
    assert answer["resource"]["status"] == "resolved"


# Comments


@pytest.mark.parametrize("collection", ["alerts_v2", "incidents"])
def test_a_comment_follows_the_change(world: Updated, collection: str) -> None:
    """Posted as Graph wants it, and the record shown has both."""
    _, answer = world.patch(collection, CHANGES[collection] | {"comment": "Zoë: done"})
    assert of(answer) == ("done", "done")
    assert world.wire.methods() == ["GET", "PATCH", "POST", "GET"]
    _, url, _, body = world.wire.sent[2]
    assert url.endswith(f"/v1.0/security/{collection}/a/comments")
    assert json.loads(body or b"") == {
        "@odata.type": "microsoft.graph.security.alertComment",
        "comment": "Zoë: done",
    }
    assert answer["resource"]["comments"][-1]["comment"] == "Zoë: done"
    assert answer["resource"]["status"] == "resolved"


def test_a_comment_alone(world: Updated) -> None:
    """No change is sent; it is audited and rings all the same."""
    status, answer = world.patch("alerts_v2", {"comment": "seen"})
    assert (status, of(answer), world.wire.methods()) == (200, ("not asked for", "done"), ["GET", "POST", "GET"])
    [kept] = world.audits()
    assert (kept["sent"], kept["comment"], kept["status"]) == (None, "seen", 200)
    assert world.rung == 1


def test_a_comment_whose_answer_was_lost_is_never_sent_twice(world: Updated) -> None:
    """It would stand there twice; so the answer says that it is not known."""
    world.graph.faults["alerts_v2"].lose_write_answers = 1
    status, answer = world.patch("alerts_v2", {"comment": "seen"})
    assert (status, of(answer)) == (503, ("not asked for", "not known"))
    assert "not known whether" in answer["error"]
    assert world.wire.methods() == ["GET", "POST", "GET"]
    assert [each["comment"] for each in world.record("alerts_v2")["comments"]].count("seen") == 1
    assert world.audits()[0]["done"] == {"change": "not asked for", "comment": "not known"}


def test_a_refused_change_leaves_no_comment(world: Updated) -> None:
    """Why an alert was closed must not stand at an open one."""
    world.tokens.roles = ["SecurityAlert.Read.All"]
    status, answer = world.patch("alerts_v2", {"status": "resolved", "comment": "closed"})
    assert (status, of(answer), world.wire.methods()) == (403, ("not done", "not done"), ["GET", "PATCH"])


def test_a_refused_comment_does_not_hide_the_change(world: Updated) -> None:
    """The status is that of the failure; the answer says which of the two was done."""
    faults = world.graph.faults["alerts_v2"]

    def refuse(method: str) -> None:
        if method == "POST":
            faults.script = [Scripted(403)]

    world.wire.before = refuse
    status, answer = world.patch("alerts_v2", {"status": "resolved", "comment": "closed"})
    assert (status, of(answer)) == (403, ("done", "not done"))
    assert answer["resource"]["status"] == "resolved"
    assert world.rung == 1


# Refusals and failures


@pytest.mark.parametrize("collection", CHANGES)
def test_the_permission_that_is_missing_is_named(world: Updated, collection: str) -> None:
    """With roles that only read, 403 with the role that writes, and nothing is changed."""
    before = world.raw(collection)
    world.tokens.roles = [name.replace("ReadWrite", "Read") for name in set(WRITES.values())]
    status, answer = world.patch(collection, CHANGES[collection])
    assert (status, of(answer)) == (403, ("not done", "not asked for"))
    assert f"Grant the application permission {WRITES[collection]}" in answer["error"]
    assert world.raw(collection) == before
    [kept] = world.audits()
    assert (kept["status"], kept["after"], kept["error"]) == (403, None, answer["error"])


def test_what_is_not_there_is_404(world: Updated) -> None:
    """Nothing was sent, so there is nothing to keep."""
    status, answer = world.patch("alerts_v2", {"status": "new"}, "none")
    assert (status, of(answer), answer["audit"], world.audits()) == (404, ("not done", "not asked for"), None, [])
    assert world.rung == 0


def test_graphs_401_is_not_ours(world: Updated) -> None:
    """The caller's key is good; the app's own token is not."""
    world.graph.faults["alerts_v2"].script = [Scripted(401)]
    assert world.patch("alerts_v2", {"status": "new"})[0] == 502
    world.graph.faults["alerts_v2"].script = [Scripted(401)]
    assert world.get("alerts_v2")[0] == 502


def test_graph_down_is_503(world: Updated) -> None:
    """Before it is asked to change anything, and while it is."""
    faults = world.graph.faults["alerts_v2"]
    faults.outage = 500
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer), world.audits()) == (503, ("not done", "not asked for"), [])
    faults.outage = None

    def fail(method: str) -> None:
        faults.outage = 502 if method == "PATCH" else None

    world.wire.before = fail
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer)) == (503, ("not known", "not asked for"))
    assert world.audits()[0]["status"] == 503


def test_what_is_throttled_to_the_end_was_not_done(world: Updated) -> None:
    """Graph turned it away each time: that is known."""
    faults = world.graph.faults["alerts_v2"]

    def fail(method: str) -> None:
        if method == "PATCH":
            faults.script = [Scripted(429, "50")]

    world.wire.before = fail
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer)) == (503, ("not done", "not asked for"))
    assert world.record("alerts_v2")["status"] != "resolved"
    assert world.clock.monotonic() < BUDGET_S


def test_a_record_that_cannot_be_read_afterwards_was_changed_all_the_same(world: Updated) -> None:
    """The answer says what is missing in it."""
    faults = world.graph.faults["alerts_v2"]

    def fail(method: str) -> None:
        faults.outage = 500 if method == "GET" and "POST" in world.wire.methods() else None

    world.wire.before = fail
    status, answer = world.patch("alerts_v2", {"comment": "seen"})
    assert (status, of(answer), answer["resource"]) == (200, ("not asked for", "done"), None)
    assert "could not be read afterwards" in answer["warnings"][0]


# Audit


def test_the_audit_tells_everything(world: Updated) -> None:
    """Who asked, by their own word; what there was, what was sent, what came of it; under the contract's name."""
    before = world.record("alerts_v2")
    _, answer = world.patch("alerts_v2", CHANGES["alerts_v2"] | {"comment": "closed"}, x_requested_by="zoe@contoso.com")
    [name] = world.blobs.names("")
    assert answer["audit"] == name
    [kept] = world.audits()
    assert name == f"audit/date=2026-11-23/20261123T120000.100000Z-{kept['update']}.json"
    assert kept["at"] == "2026-11-23T12:00:00.1000000Z"
    assert (kept["tenant"], kept["collection"], kept["id"]) == (TENANT, "alerts_v2", "a")
    assert kept["requested_by"] == {"name": "zoe@contoso.com", "verified": False}
    assert (kept["state"], kept["status"], kept["error"]) == ("finished", 200, None)
    assert kept["before"].items() >= before.items()
    assert (kept["sent"], kept["comment"]) == (CHANGES["alerts_v2"], "closed")
    assert kept["done"] == {"change": "done", "comment": "done"}
    assert kept["after"] == answer["resource"] != kept["before"]


def test_records_stand_in_the_audit_as_graph_sent_them(world: Updated) -> None:
    """Byte for byte, odd bytes included: half a surrogate pair, numbers in any form, spaces."""
    body = b'{ "id":"a",  "title":"\\ud800 \\/", "score":1.50, "serviceSource":"microsoftSentinel" }'
    world.wire = Odd(world, "GET", 200, body)  # type: ignore[assignment]
    status, _ = world.patch("alerts_v2", {"comment": "x"})
    assert status == 200
    [name] = world.blobs.names("")
    stored = world.blobs.read(name)
    assert stored
    assert stored.data.count(body) == 2  # before and after


def test_the_audit_is_there_before_graph_is_asked_to_change(world: Updated) -> None:
    """A crash in between leaves a record that says so."""

    class Crash(BaseException):
        pass

    def crash(method: str) -> None:
        if method == "PATCH":
            raise Crash

    world.wire.before = crash
    with pytest.raises(Crash):
        world.patch("alerts_v2", {"status": "resolved"})
    [kept] = world.audits()
    assert (kept["state"], kept["sent"]) == (UNFINISHED, {"status": "resolved"})
    assert (kept["done"], kept["status"], kept["after"]) == (None, None, None)


def fail_at(world: Updated, operation: str, error: Exception) -> None:
    def fail(called: str, _name: str) -> None:
        if called == operation:
            raise error

    world.blobs.before = fail


@pytest.mark.parametrize("body", [{"status": "resolved"}, {"comment": "x"}])
def test_without_an_audit_nothing_is_sent(world: Updated, body: dict[str, Any]) -> None:
    """503 that says so; Graph was only read."""
    fail_at(world, "create", ServiceRequestError("no storage"))
    before = world.raw("alerts_v2")
    status, answer = world.patch("alerts_v2", body)
    assert (status, world.wire.methods(), world.raw("alerts_v2")) == (503, ["GET"], before)
    assert "Nothing was sent" in answer["error"]
    assert answer["audit"] is None
    assert world.rung == 0


def test_an_audit_that_lies_there_already_is_not_written_over(world: Updated) -> None:
    """Whoever put it there: it is not ours to lose."""

    def put_another(called: str, name: str) -> None:
        if called == "create":
            world.blobs.put(name, b"another")

    world.blobs.before = put_another
    status, _ = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, world.wire.methods()) == (503, ["GET"])


def test_an_audit_whose_answer_was_lost_is_ones_own(world: Updated) -> None:
    """The SDK tries again and is told that it is there: it is."""

    def written(called: str, name: str) -> None:
        if called == "create":
            tried.append(name)

    tried: list[str] = []
    world.blobs.after = written
    create = world.blobs.create

    def twice(name: str, data: bytes, metadata: Any = None) -> str:
        create(name, data, metadata)
        return create(name, data, metadata)

    world.blobs.create = twice  # type: ignore[method-assign]
    assert world.patch("alerts_v2", {"status": "resolved"})[0] == 200
    assert len(tried) == 1


def test_an_audit_that_cannot_be_completed_is_told(world: Updated) -> None:
    """The change is made, so it is no failure; answer and record say what is missing."""
    fail_at(world, "put", ServiceResponseError("no storage"))
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert (status, of(answer)) == (200, ("done", "not asked for"))
    assert UNFINISHED in answer["warnings"][0]
    assert world.audits()[0]["state"] == UNFINISHED


# Dry run


@pytest.mark.parametrize("collection", CHANGES)
def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(world: Updated, collection: str) -> None:
    """What the real run then sends, to the byte, but for the token; no audit, no bell."""
    comment = {"comment": "why"} if collection in ("alerts_v2", "incidents") else {}
    before = world.raw(collection)
    status, answer = world.patch(collection, CHANGES[collection] | comment, query="dryRun=true", if_match="*")
    assert (status, world.wire.methods(), world.raw(collection)) == (200, ["GET"], before)
    assert (world.audits(), world.rung, answer["audit"]) == ([], 0, None)
    assert answer["resource"].items() >= json.loads(before).items()
    assert of(answer) == ("not done", "not done" if "comment" in comment else "not asked for")
    assert answer["effect"]
    world.patch(collection, CHANGES[collection] | comment, if_match="*")
    sent = [
        {
            "method": method,
            "path": url.removeprefix(world.graph.base_url),
            "headers": {k: v for k, v in headers.items() if k not in ("Authorization", "client-request-id")},
            "body": json.loads(body or b""),
        }
        for method, url, headers, body in world.wire.sent
        if method != "GET"
    ]
    assert answer["would_send"] == sent
    assert sent[0]["headers"]["If-Match"] == "*"
    assert "Bearer" not in json.dumps(answer)


def test_a_dry_run_is_refused_as_the_real_one(world: Updated) -> None:
    """What is known before anything is sent."""
    assert world.patch("secureScoreControlProfiles", {"state": "Ignored"}, "scid_1", "dryRun=true")[0] == 400
    assert world.patch("alerts_v2", {"status": "new"}, "none", "dryRun=true")[0] == 404


# Several


def test_several_are_answered_one_by_one(world: Updated) -> None:
    """In order; a refusal stops nothing else; the status is 200 and the counts tell."""
    for id_ in ("b", "scid_7", "c"):
        world.create("secureScoreControlProfiles", id_)
    ids = ["b", "none", "a", "scid_7", "c"]
    status, answer = world.patch("secureScoreControlProfiles", {"ids": ids, "change": {"state": "ThirdParty"}}, None)
    assert status == 200
    assert [each["id"] for each in answer["results"]] == ids
    assert [each["status"] for each in answer["results"]] == [200, 404, 200, 400, 200]
    assert answer["counts"] == {"ok": 3, "failed": 2}
    assert answer["bell"] is None
    assert sorted(each["id"] for each in world.audits()) == ["a", "b", "c"]


def test_what_does_not_fit_into_the_time_is_not_tried(world: Updated) -> None:
    """Azure cuts an HTTP answer off; so each is done whole, or said not to be tried, and nothing begins late."""
    ids = [f"x{number}" for number in range(20)]
    for id_ in ids:
        world.create("alerts_v2", id_)
    world.wire.seconds = 5
    _, answer = world.patch("alerts_v2", {"ids": ids, "change": {"status": "resolved"}}, None)
    made = [each["id"] for each in answer["results"] if each["status"] == 200]
    rest = [each for each in answer["results"] if each["status"] == 503]
    assert ids[: len(made)] == made
    assert len(made) + len(rest) == 20
    assert 5 < len(made) < 20
    assert {of(each) for each in rest} == {("not done", "not asked for")}
    assert all("Not tried" in each["error"] for each in rest)
    assert world.clock.monotonic() <= BUDGET_S + 10
    assert [each for each in ids if world.record("alerts_v2", each)["status"] == "resolved"] == made


def test_what_graphs_limit_leaves_no_time_for_is_not_tried(world: Updated) -> None:
    """Said so, too, and nothing is left half done: neither a change without its answer nor an open audit."""
    ids = [f"x{number}" for number in range(9)]
    for id_ in ids:
        world.create("alerts_v2", id_)
    world.per_minute = 5
    _, answer = world.patch("alerts_v2", {"ids": ids, "change": {"status": "resolved"}}, None)
    rest = [each for each in answer["results"] if each["status"] == 503]
    assert 0 < len(rest) < 9
    assert {of(each) for each in rest} == {("not done", "not asked for")}
    assert all(each["error"].startswith("Not tried. ") and "used up" in each["error"] for each in rest)
    assert {each["state"] for each in world.audits()} == {"finished"}
    made = [each["id"] for each in answer["results"] if each["status"] == 200]
    assert [each for each in ids if world.record("alerts_v2", each)["status"] == "resolved"] == made


def test_a_few_at_once(world: Updated) -> None:
    """Graph answers slowly, and allows few requests a minute."""
    world.patch("alerts_v2", {"ids": ["a"], "change": {"status": "new"}}, None)
    assert world.threads == [4]


# The bell


@pytest.mark.parametrize("collection", CHANGES)
def test_the_bell_rings_once_a_request(world: Updated, collection: str) -> None:
    """For alerts and incidents, whose new revision the export should take; controls are a daily matter."""
    world.create(collection, "b", "IPC" if collection == "alerts" else None)
    bell = None if collection == "secureScoreControlProfiles" else "rung"
    _, answer = world.patch(collection, {"ids": ["a", "b"], "change": CHANGES[collection]}, None)
    assert (world.rung, answer["bell"]) == (1 if bell else 0, bell)
    _, answer = world.patch(collection, CHANGES[collection])
    assert (world.rung, answer["bell"]) == (2 if bell else 0, bell)


def test_a_bell_that_fails_does_not_hide_the_change(world: Updated) -> None:
    """The update is made; the next tick exports it."""
    world.bell_works = False
    status, answer = world.patch("alerts_v2", {"status": "resolved"})
    assert status == 200
    assert answer["bell"].startswith("not rung (ServiceRequestError)")


# Reading through


@pytest.mark.parametrize("collection", CHANGES)
def test_a_record_is_read_as_graph_sends_it(world: Updated, collection: str) -> None:
    """To the byte."""
    status, body = world.get(collection)
    assert status == 200
    assert body.endswith(world.raw(collection)[1:])


def test_a_page_is_read_with_graphs_options(world: Updated) -> None:
    """Filter, $top and the token of the next page go to Graph, and nothing else does."""
    for number in range(5):
        world.create("alerts_v2", f"x{number}")
    query = f"$top=4&tenant={TENANT}&$filter=status%20eq%20'none'&code=secret"
    assert json.loads(world.get("alerts_v2", None, query)[1])["value"] == []
    assert "secret" not in world.wire.sent[-1][1]
    first = json.loads(world.get("alerts_v2", None, "$top=4")[1])
    link = first["@odata.nextLink"]
    rest = json.loads(world.get("alerts_v2", None, link.partition("?")[2])[1])
    assert len({each["id"] for each in first["value"] + rest["value"]}) == 6


def test_refusals_of_a_reading(world: Updated) -> None:
    """Graph's own status and words, and the permission."""
    assert world.get("alerts_v2", "none")[0] == 404
    world.tokens.roles = ["SecurityIncident.Read.All"]
    status, said = world.get("alerts_v2")
    assert status == 403
    assert b"SecurityAlert.Read.All" in said
    world.graph.faults["incidents"].outage = 500
    assert world.get("incidents")[0] == 503
