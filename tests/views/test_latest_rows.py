"""One schema for all sources, and nothing that Graph or an attacker sends breaks it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared import instants
from shared.errors import DataNotUnderstood
from shared.graph.pages import PageReader
from shared.graph.sources import INCREMENTAL, SOURCES
from shared.views import latest_rows
from shared.views.latest_parquet import Workbench
from shared.views.latest_rows import COLUMNS, Row
from tests.export.world import World
from tests.views.viewed import Viewed, alert, rows

V2 = SOURCES["alerts_v2"]
AT = "2026-11-23T04:15:00.1234567Z"


def read(source: str = "alerts_v2", **fields: Any) -> Row:
    """The row of a record with these fields."""
    cursor = SOURCES[source].cursor or ""
    return latest_rows.read(json.dumps({"id": "a", cursor: AT} | fields).encode(), SOURCES[source])


def test_an_alerts_columns() -> None:
    """Graph's own names, times in microseconds, and the last digit in the revision."""
    row = read(
        createdDateTime="2026-10-31T23:59:59.9999999Z",
        firstActivityDateTime="2026-10-31T23:59:59.5Z",
        lastActivityDateTime="2026-11-01T00:00:01Z",
        resolvedDateTime=None,
        title="Title",
        severity="high",
        status="new",
        classification="truePositive",
        determination="malware",
        serviceSource="microsoftSentinel",
        productName="Microsoft Sentinel",
        assignedTo="a@contoso.com",
        incidentId="7",
        mitreTechniques=["T1059", "T1059.001"],
    )
    assert row.last_update_date_time == instants.from_text(AT) // 10
    assert row.revision == instants.from_text(AT)
    assert row.month == "2026-10"
    assert (row.title, row.severity, row.status, row.assigned_to) == ("Title", "high", "new", "a@contoso.com")
    assert (row.classification, row.determination) == ("truePositive", "malware")
    assert (row.service_source, row.product, row.incident_id) == ("microsoftSentinel", "Microsoft Sentinel", "7")
    assert row.mitre_techniques == ["T1059", "T1059.001"]
    assert row.first_activity_date_time == instants.from_text("2026-10-31T23:59:59.5Z") // 10
    assert row.resolved_date_time is None


def test_what_other_sources_call_otherwise() -> None:
    """An incident has a displayName; a legacy alert a vendor, and other names for its times."""
    assert read("incidents", displayName="Many things").title == "Many things"
    legacy = read(
        "alerts",
        vendorInformation={"provider": "ASC", "vendor": "Microsoft"},
        eventDateTime="2026-11-01T00:00:00Z",
        closedDateTime="2026-11-02T00:00:00Z",
    )
    assert legacy.product == "ASC"
    assert legacy.first_activity_date_time == instants.from_text("2026-11-01T00:00:00Z") // 10
    assert legacy.resolved_date_time == instants.from_text("2026-11-02T00:00:00Z") // 10


@pytest.mark.parametrize("source", INCREMENTAL)
def test_every_column_comes_from_somewhere(source: str) -> None:
    """The simulator's records fill what Graph documents for the source."""
    world = World(source)
    world.create(60)
    world.run()
    [line] = world.lines()
    row = latest_rows.read(line, SOURCES[source])
    assert row.raw.encode() == line
    assert row.created_date_time is not None
    assert all((row.title, row.severity, row.status))
    assert source != "alerts_v2" or all((row.product, row.service_source, row.mitre_techniques is not None))
    assert source != "alerts" or row.product


HALF = "\\ud800"
"""Half of a surrogate pair, as JSON writes it."""

HOSTILE: list[bytes] = [
    b'{"id": "a", "lastUpdateDateTime": "%b", %b}' % (AT.encode(), more)
    for more in (
        b'"title": 5, "mitreTechniques": "T1059"',
        b'"title": {"a": []}, "mitreTechniques": [1, null, "T1059"], "vendorInformation": []',
        b'"title": "half \\ud800", "mitreTechniques": ["\\udc00"]',
        b'"title": "nul \\u0000 and \\ud83d\\ude00"',
        b'"title": "\xff\xfe"',
        b'"title": 5, "evidence": 1' + b"0" * 5000,
        b'"createdDateTime": "yesterday"',
        b'"createdDateTime": "2026-W48-1T04:15:00Z"',
        b'"createdDateTime": "0001-01-01T00:00:00Z"',
        b'"createdDateTime": "9999-12-31T23:59:59.9999999Z"',
        b'"createdDateTime": "../../x", "resolvedDateTime": "../"',
        b'"createdDateTime": null, "title": "a\\nb\\r\\u2028,\\"\\t"',
        b'"newField": {"deep": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'"title": "' + b"x" * 3_000_000 + b'"',
        b'"title": 7, "id": "\\ud800"',
    )
]


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: line[66:96].decode(errors="replace"))
def test_a_hostile_record_is_in_the_view(line: bytes) -> None:
    """What the export takes, the view takes: with its text, and beside it an ordinary neighbour."""
    assert bytes(PageReader(V2).page(200, {}, b'{"value": [%b]}' % line).rows[0].raw) == line
    viewed = Viewed()
    viewed.write([line, alert("neighbour", AT)])
    viewed.publish()
    view = viewed.shown()
    neighbour = view.pop("neighbour")
    [(month, raw)] = view.values()
    assert raw == line.decode(errors="replace")
    assert month in ("unknown", "0001-01", "9999-12", "2026-11")
    assert neighbour[0] == "2026-11"


def test_half_a_pair_is_replaced_and_ids_stay_apart() -> None:
    """Parquet is UTF-8: the title has a sign in its place, the raw text its escape, and two ids are never one."""
    one, other = (read(id=f"a{half}", title=f"t{half}", mitreTechniques=[half]) for half in ("\ud800", "\udbff"))
    assert one.title == "t\ufffd"
    assert one.mitre_techniques == ["\ufffd"]
    assert HALF in one.raw
    assert one.id != other.id


def test_what_has_no_id_or_time_was_not_exported() -> None:
    """The export refuses such records, so somebody else wrote the line."""
    for line in (b'{"id": "a"}', b'{"lastUpdateDateTime": "2026-11-23T04:15:00Z"}', b'{"id": 5}'):
        with pytest.raises(DataNotUnderstood, match="alerts_v2: a line has no usable id"):
            latest_rows.read(line, V2)


def test_all_files_have_one_schema() -> None:
    """Of every source and month, with fields or without; so one query reads them all."""
    schemas = set()
    for source in INCREMENTAL:
        viewed = Viewed(source)
        cursor = SOURCES[source].cursor or ""
        viewed.write([json.dumps({"id": "bare", cursor: AT}).encode()])
        viewed.write([json.dumps({"id": "b", cursor: AT, "createdDateTime": AT, "mitreTechniques": ["x"]}).encode()])
        viewed.publish()
        for name in viewed.views.names("latest/"):
            if name.endswith(".parquet"):
                data = b"".join(viewed.views.chunks(name))
                types = ", ".join(f"typeof({column})" for column in COLUMNS)
                schemas.add((tuple(COLUMNS), rows(data, types)[0]))
    [(_, types_found)] = schemas
    long = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert types_found == tuple(long.get(type_, type_) for type_ in COLUMNS.values())


def test_times_are_utc_to_the_microsecond() -> None:
    """The seventh digit is in the revision and in the text."""
    viewed = Viewed()
    viewed.write([alert("a", AT)])
    viewed.publish()
    [name] = [name for name in viewed.views.names("latest/") if name.endswith(".parquet")]
    [(text, revision)] = rows(b"".join(viewed.views.chunks(name)), "lastUpdateDateTime::VARCHAR, revision")
    assert text == "2026-11-23 04:15:00.123456+00"
    assert revision == instants.from_text(AT)
    assert instants.from_datetime(datetime(2026, 11, 23, 4, 15, 0, 123456, tzinfo=UTC)) == revision // 10 * 10


def test_nothing_is_fetched_from_the_internet(tmp_path: Path) -> None:
    """What is needed is built in, and what is not there is not installed."""
    with Workbench(tmp_path) as bench:
        connection = bench._duckdb
        found = connection.execute(
            "SELECT extension_name FROM duckdb_extensions() WHERE install_mode = 'STATICALLY_LINKED' AND loaded"
        ).fetchall()
        assert {("json",), ("parquet",)} <= set(found)
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert connection.execute("SELECT current_setting(?)", [setting]).fetchone() == (False,)
        with pytest.raises(duckdb.Error):
            connection.execute("SELECT * FROM 'https://127.0.0.1:1/x.parquet'")
