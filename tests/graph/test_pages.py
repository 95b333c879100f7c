"""A page becomes records, untouched."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.pages import PageReader, failed_providers
from shared.graph.sources import INCREMENTAL

READER = PageReader(INCREMENTAL["alerts_v2"])
LEGACY = PageReader(INCREMENTAL["alerts"])
AT = "2026-11-23T04:15:00.1234567Z"

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(
    records=st.lists(st.dictionaries(texts, values, max_size=4), max_size=6),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_records_come_out_as_they_came(records: list[dict[str, object]], ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001
    """Same values, one line each, and the same bytes where Graph sent one line."""
    records = [{**record, "id": f"r{n}", "lastUpdateDateTime": AT} for n, record in enumerate(records)]
    text = json.dumps({"@odata.context": "x", "value": records}, ensure_ascii=ascii_only, indent=indent)
    body = text.encode(errors="surrogatepass")
    rows = READER.page(200, {}, body).rows
    lines = [bytes(row.raw) for row in rows]
    assert [json.loads(line) for line in lines] == records
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    if indent is None:
        assert all(line in body for line in lines)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"7", b"null", b"[]", b"{}", b'{"value": 1}', b'{"value": {}}', b'{"value": [', b"[" * 100_000,
        b'{"value": [' + b"[" * 100_000, b'{"x": ' + b'{"a":' * 100_000, b'{"value": [null]}',
        b'{"value": [[]]}', b'{"value": [{}]}', b'{"value": [{"id": 1}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": null}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": "yesterday"}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": "2026-11-23T04:15:00+01:00"}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": "2026-11-23T04:15:00,1234567Z"}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": "2026-11-23T04:15:00.123456xZ"}]}',
        b'{"value": [{"id": "a", "lastUpdateDateTime": "2026-13-23T04:15:00Z"}]}',
        b'{"value": [{"id": null, "lastUpdateDateTime": "2026-11-23T04:15:00Z"}]}',
        b'{"value": [], "@odata.nextLink": 7}',
    ],
)  # fmt: skip
def test_what_is_no_list_of_records_is_one_clear_error(body: bytes) -> None:
    """Nothing is guessed, and nothing is skipped."""
    with pytest.raises(DataNotUnderstood, match="alerts_v2"):
        READER.page(200, {}, body)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("title", [r"half a pair: \ud800", r"\udfff\ud800x", "\\\\ud800 is none"])
def test_half_a_surrogate_stops_nothing(title: str, indent: int | None) -> None:
    """JSON allows it, an attacker can put it into a title, and the record is kept as it came, its neighbours too."""
    records = [{"id": f"r{n}", "lastUpdateDateTime": AT, "title": "TITLE" if n == 1 else "ä"} for n in range(3)]
    envelope = {"@odata.nextLink": "https://x", "more": {"a": [1]}, "value": records, "last": None}
    body = json.dumps(envelope, indent=indent, ensure_ascii=False).replace("TITLE", title).encode()
    page = READER.page(200, {}, body)
    lines = [bytes(row.raw) for row in page.rows]
    assert page.next_link == "https://x"
    assert [json.loads(line)["id"] for line in lines] == ["r0", "r1", "r2"]
    assert title.encode() in lines[1]
    assert all(b"\n" not in line for line in lines)
    assert READER.row(lines[1]).key == page.rows[1].key


def test_a_timestamp_is_the_same_however_many_digits_it_has() -> None:
    """Graph trims zeros in places; the revision is the same."""

    def key(at: str) -> bytes:
        return READER.row(json.dumps({"id": "a", "lastUpdateDateTime": at}).encode()).key

    assert key("2026-11-23T04:15:00Z") == key("2026-11-23T04:15:00.0Z") == key("2026-11-23T04:15:00.0000000Z")
    assert key("2026-11-23T04:15:00Z") != key("2026-11-23T04:15:00.0000001Z")


def test_the_provider_is_read_where_a_page_joins_several() -> None:
    """Only the legacy list is federated; a record without a vendor is a provider of its own."""
    raw = {"id": "a", "lastModifiedDateTime": AT, "vendorInformation": {"provider": "IPC"}}
    assert LEGACY.row(json.dumps(raw).encode()).provider == "IPC"
    assert LEGACY.row(json.dumps({**raw, "vendorInformation": None}).encode()).provider == ""


@pytest.mark.parametrize(
    ("warning", "failed"),
    [
        (
            '199 - "{Vendor2}/{Provider 2}/504/10000", 199 - "{Vendor4}/{Provider 4}/403/10"',
            {"Vendor2/Provider 2": 504, "Vendor4/Provider 4": 403},
        ),
        ('199 - "Microsoft/Azure Sentinel/500/3"', {"Microsoft/Azure Sentinel": 500}),
        ("nonsense", {"unknown/unknown": 206}),
        ("", {"unknown/unknown": 206}),
    ],
)
def test_a_206_names_who_failed(warning: str, failed: dict[str, int]) -> None:
    """In the form of the documentation; whatever else it says, something is missing."""
    assert failed_providers(warning) == failed
    assert READER.page(206, {"warning": warning}, b'{"value": []}').failed == failed
    assert READER.page(200, {"warning": warning}, b'{"value": []}').failed == {}


@given(st.integers(0, 4_000_000_000 * instants.SECOND))
def test_instants_survive_their_text(instant: int) -> None:
    """No rounding at Graph's resolution."""
    assert instants.from_text(instants.to_text(instant)) == instant
