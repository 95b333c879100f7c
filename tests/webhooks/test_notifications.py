"""A POST from anywhere: what passes the checks, and what does not."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DataNotUnderstood
from shared.webhooks import messages
from shared.webhooks.notifications import MOST_BODY_BYTES, Batch, Malformed, read, validation_answer

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
RECEIVED = "2026-11-23T12:00:00.0000000Z"
CHANGE = {
    "id": "lsgTZMr9KwAAA",
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "subscriptionExpirationDateTime": "2026-12-19T22:11:09.952Z",
    "clientState": "new secret",
    "changeType": "updated",
    "resource": "security/alerts_v2/da637",
    "tenantId": TENANT,
    "resourceData": {"@odata.type": "#microsoft.graph.security.alert", "id": "da637"},
    "somethingNew": {"a": [1]},
}
LIFECYCLE = {
    "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "subscriptionExpirationDateTime": "2026-12-19T22:11:09.9520000Z",
    "tenantId": TENANT,
    "clientState": "old secret",
    "lifecycleEvent": "reauthorizationRequired",
}


def receive(body: bytes, content_type: str = "application/json; charset=utf-8") -> Batch:
    return read(body, content_type, client_states=["new secret", "old secret"], tenants=[TENANT], received=RECEIVED)


def posted(*items: Any) -> Batch:
    return receive(json.dumps({"value": items, "validationTokens": ["x"]}).encode())


def test_a_change_becomes_identifiers() -> None:
    """The message holds what it takes to act, and neither the secret nor data."""
    (text,) = posted(CHANGE).messages
    assert json.loads(text) == {
        "v": 1,
        "kind": "change",
        "received": RECEIVED,
        "tenantId": TENANT,
        "subscriptionId": CHANGE["subscriptionId"],
        "changeType": "updated",
        "resource": "security/alerts_v2/da637",
        "resourceId": "da637",
        "lifecycleEvent": "",
    }


def test_a_lifecycle_notification_needs_no_resource() -> None:
    """Graph's own payload has neither resource nor changeType, against its own type; an old secret still counts."""
    (text,) = posted(LIFECYCLE).messages
    message = messages.decode(text)
    assert (message.kind, message.lifecycleEvent, message.resource) == ("lifecycle", "reauthorizationRequired", "")


@pytest.mark.parametrize("state", ["", "NEW SECRET", "new secre", "new secret ", "\ud800", "ü" * 200, None])
def test_a_forged_item_is_dropped_and_its_neighbour_gets_through(state: str | None) -> None:
    """Only the clientState proves that Graph sent it."""
    batch = posted({**CHANGE, "clientState": state}, CHANGE)
    assert len(batch.messages) == 1
    assert sum(batch.dropped.values()) == 1


def test_a_foreign_tenant_is_dropped() -> None:
    """Whoever knows the secret of one tenant cannot speak for one that is not exported; case does not matter."""
    batch = posted(
        {**CHANGE, "tenantId": "00000000-6d4d-4958-8b9f-9d6445542f95"}, {**CHANGE, "tenantId": TENANT.upper()}
    )
    assert batch.dropped == {"tenant": 1}
    assert messages.decode(batch.messages[0]).tenantId == TENANT


@pytest.mark.parametrize(
    "item", [None, 7, [], {}, "x", {"subscriptionId": 1}, {**CHANGE, "resource": 1}, {**CHANGE, "resourceData": 3}]
)
def test_an_item_of_another_form_is_dropped(item: Any) -> None:
    """It costs its neighbours nothing."""
    batch = posted(item, CHANGE)
    assert len(batch.messages) == 1
    assert batch.dropped == {"form": 1} if item != {} else True


def test_an_item_that_would_not_fit_into_the_queue_is_dropped() -> None:
    """48 KiB are left of a message; Graph's identifiers are far below."""
    assert posted({**CHANGE, "resource": "x" * 50_000}).dropped == {"size": 1}


def test_ten_thousand_items_are_ten_thousand_messages() -> None:
    """One message each, whatever the number."""
    small = {key: CHANGE[key] for key in ("subscriptionId", "tenantId")} | {"clientState": "new secret"}
    small["subscriptionId"] = "s"
    body = json.dumps({"value": [small] * 10_000}, separators=(",", ":")).encode()
    assert len(body) < MOST_BODY_BYTES
    assert len(receive(body).messages) == 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"7",
        b"null",
        b"[]",
        b"{}",
        b'{"value": 1}',
        b'{"value": {}}',
        b"[" * 100_000,
        b'{"value":' + b"[" * 500_000,
        b'{"x":' * 100_000,
    ],
)
def test_what_is_no_collection_is_refused(body: bytes) -> None:
    """With a reason that quotes nothing."""
    with pytest.raises(Malformed, match="not a JSON collection"):
        receive(body)


def test_a_body_of_more_than_a_mebibyte_is_refused() -> None:
    """One byte over the limit is over it."""
    body = b'{"value": []}'
    receive(body + b" " * (MOST_BODY_BYTES - len(body)))
    with pytest.raises(Malformed, match="longer than"):
        receive(body + b" " * (MOST_BODY_BYTES - len(body) + 1))


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "application/jsonp", "text/html; application/json"]
)
def test_another_content_type_is_refused(content_type: str) -> None:
    """Graph sends JSON; browsers and forms send something else."""
    with pytest.raises(Malformed, match="content type"):
        receive(b'{"value": []}', content_type)


@pytest.mark.parametrize(
    "token",
    [
        "abc",
        "Validation: Testing client application reachability. RequestId: 1-2",
        "a+b/c=&?#%41",
        "<script>alert(1)</script>",
        "ü",
        "",
    ],
)
def test_a_validation_token_is_given_back(token: str) -> None:
    """It is opaque, and goes out as plain text."""
    assert validation_answer(token) == token


@pytest.mark.parametrize("token", ["x" * 4097, "ü" * 2049, "a\nb", "a\0", "a\x7f", "a\ud800"])
def test_a_validation_token_that_graph_never_sends_is_refused(token: str) -> None:
    """Too long, or with control characters."""
    with pytest.raises(Malformed):
        validation_answer(token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*CHANGE, *LIFECYCLE]) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)


@given(items=st.lists(json_values, max_size=5), at=st.integers(0, 5))
def test_nothing_crashes_nothing_forged_gets_in_and_a_valid_one_does(items: list[Any], at: int) -> None:
    """Whatever stands beside it."""
    items.insert(at, CHANGE)
    batch = posted(*items)
    assert [messages.decode(text).resourceId for text in batch.messages] == ["da637"]
    assert sum(batch.dropped.values()) == len(items) - 1


@given(st.binary(max_size=200))
def test_any_bytes_are_borne(body: bytes) -> None:
    """One error, or no message."""
    with suppress(Malformed):
        assert receive(body).messages == []


@pytest.mark.parametrize(
    "text", ["", "{}", "7", '{"v":2}', '{"v":1,"kind":"other","received":"","tenantId":"","subscriptionId":""}']
)
def test_a_foreign_queue_message_is_one_clear_error(text: str) -> None:
    """The host retries it and the poison queue keeps it."""
    with pytest.raises(DataNotUnderstood, match="not a notification"):
        messages.decode(text)
