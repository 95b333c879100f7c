"""The file of tenants: what it may say, and when a change of it counts."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient
from hypothesis import given
from hypothesis import strategies as st

from shared import tenants
from shared.errors import DataNotUnderstood
from shared.tenants import MOST_BYTES, TenantsFile, parse
from tests.conftest import Storage
from tests.fakes.clock import FakeClock
from tests.fakes.memory_blobs import MemoryBlobs

ONE = "11111111-2222-4333-8444-555555555555"
TWO = "22222222-2222-4333-8444-555555555555"


def test_a_list_with_comments() -> None:
    """Blank lines, comments, capitals, Windows' line ends and mark: what editors and people make of a list."""
    text = f"\ufeff# Customers\r\n\r\n{ONE.upper()}   # Contoso\r\n  {TWO}\r\n#{ONE}\r\n"
    assert parse(text.encode(), "tenants.txt") == (ONE, TWO)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{ONE}\n\ncontoso.com\n", "line 3 is not a GUID"),
        (f"{ONE}\n# x\n{ONE.upper()}\n", "line 3 repeats line 1"),
        (f"{ONE},{TWO}\n", "line 1 is not a GUID"),
        (f"{{{ONE}}}\n", "line 1 is not a GUID"),
        (f"x\n{ONE}\ny", "line 1 is not a GUID.*line 3 is not a GUID"),
        ("x\n" * 50, "line 10 is not.*and 40 more"),
        ("", "names no tenant"),
        ("# all gone\n", "names no tenant"),
    ],
)
def test_a_wrong_line_is_named(text: str, says: str) -> None:
    """By its number; the whole list counts for nothing then."""
    with pytest.raises(DataNotUnderstood, match=f"(?s){says}") as caught:
        parse(text.encode(), "tenants.txt")
    assert "contoso" not in str(caught.value)
    assert "line 11 " not in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe1\x00", b"#" * (MOST_BYTES + 1)])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    """Another encoding, or far too long."""
    with pytest.raises(DataNotUnderstood, match=r"blob:tenants\.txt"):
        parse(data, "tenants.txt")


@given(st.binary(max_size=200))
def test_anything_is_a_list_or_named_as_none(data: bytes) -> None:
    """Whatever somebody uploads."""
    with suppress(DataNotUnderstood):
        assert parse(data, "tenants.txt")


def test_a_change_counts_at_once_or_within_a_minute() -> None:
    """Ticks read the file anew; what happens many times a minute may use a list of the last minute."""
    clock = FakeClock()
    blobs = MemoryBlobs(clock)
    file = TenantsFile(blobs, "tenants.txt", clock)
    with pytest.raises(DataNotUnderstood, match="is not there"):
        file.recent()
    blobs.put("tenants.txt", ONE.encode())
    assert file.recent() == file.read() == (ONE,)
    blobs.put("tenants.txt", f"{ONE}\n{TWO}".encode())
    assert file.recent() == (ONE,)
    assert file.read() == (ONE, TWO)
    assert file.recent() == (ONE, TWO)
    blobs.put("tenants.txt", TWO.encode())
    clock.advance(tenants.RECENT_S - 1)
    assert file.recent() == (ONE, TWO)
    clock.advance(1)
    assert file.recent() == (TWO,)


def test_a_broken_file_is_not_covered_up() -> None:
    """The list of before is not used in its place, or nobody would notice."""
    clock = FakeClock()
    blobs = MemoryBlobs(clock)
    file = TenantsFile(blobs, "tenants.txt", clock)
    blobs.put("tenants.txt", ONE.encode())
    file.read()
    blobs.put("tenants.txt", b"oops")
    clock.advance(tenants.RECENT_S)
    for ask in (file.read, file.recent):
        with pytest.raises(DataNotUnderstood, match="line 1"):
            ask()


def test_a_huge_blob_is_not_even_read() -> None:
    """Whoever may write the state must not be able to fill the app's memory."""

    class Unread(MemoryBlobs):
        def read(self, name: str) -> None:
            raise AssertionError(name)

    blobs = Unread(FakeClock())
    blobs.put("tenants.txt", b"#" * (MOST_BYTES + 1))
    with pytest.raises(DataNotUnderstood, match="longer"):
        TenantsFile(blobs, "tenants.txt", FakeClock()).read()


def test_a_broken_file_stops_what_asks_and_poisons_nothing(storage: Storage) -> None:
    """No tick asks for anything; jobs and notifications that were asked for when it was whole are done all the same."""
    code = """
import json
from shared import wiring
from shared.errors import DataNotUnderstood
try:
    said = str(wiring.tick(["alerts_v2"]))
except DataNotUnderstood as error:
    said = str(error)
print(json.dumps([said, wiring.exports("11111111-2222-4333-8444-555555555555")]))
"""
    state = ContainerClient.from_connection_string(storage.connection_string, storage.name("state"))
    state.create_container()
    state.upload_blob("tenants.txt", f"{ONE}\noops\n".encode())
    settings = {
        "TENANT_ID": ONE,
        "TENANTS": "blob:tenants.txt",
        "EXPORT_STORAGE": storage.connection_string,
        "AzureWebJobsStorage": storage.connection_string,
        "STATE_CONTAINER": storage.name("state"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    said, goes_on = json.loads(done.stdout)
    assert "line 2 is not a GUID" in said
    assert goes_on
