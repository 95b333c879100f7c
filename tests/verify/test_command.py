"""The command as an operator runs it, over real storage."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from shared.verify.findings import MEANING, Kind
from tests.conftest import Storage
from tests.simulated import TENANT
from tests.verify.store import Store, busy

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def exported() -> Store:
    """What is uploaded."""
    return Store(busy())


@pytest.fixture
def environment(storage: Storage, exported: Store) -> dict[str, str]:
    """Settings of an app whose containers hold the store."""
    containers = {"EXPORT_CONTAINER": storage.name("data"), "STATE_CONTAINER": storage.name("state")}
    with BlobServiceClient.from_connection_string(storage.connection_string) as service:
        for container, blobs in zip(containers.values(), (exported.data, exported.state), strict=True):
            client = service.create_container(container)
            for name, blob in blobs._blobs.items():
                client.upload_blob(name, blob.data, metadata=dict(blob.metadata))
    return {
        "PATH": os.environ["PATH"],
        "TENANT_ID": TENANT,
        "EXPORT_STORAGE": storage.connection_string,
        "AzureWebJobsStorage": storage.connection_string,
        **containers,
    }


@pytest.fixture
def put(storage: Storage) -> Callable[[str, str, bytes], None]:
    """Write a blob over what is there."""

    def write(container: str, name: str, data: bytes) -> None:
        with BlobServiceClient.from_connection_string(storage.connection_string) as service:
            service.get_blob_client(container, name).upload_blob(data, overwrite=True)

    return write


def verify(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run it, not in a terminal."""
    command = [sys.executable, "-m", "shared.verify", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_all_is_well(environment: dict[str, str], exported: Store) -> None:
    """Exit status 0, a line a chain with what was read, and a last line with the sums."""
    done = verify(environment, "--source", "alerts_v2", "--tenant", TENANT.upper())
    size = sum(len(exported.content(blob)) for blob in exported.blobs())
    count, records = len(exported.blobs()), sum(1 for _ in exported.world.lines())
    read = f"{count} manifests, {count} blobs, {records} records, {size} bytes read"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"verified\talerts_v2 {TENANT}\t{read}\nresult\t0 findings\t1 chains, {read}\n"


def test_findings_are_lines(
    environment: dict[str, str], exported: Store, put: Callable[[str, str, bytes], None]
) -> None:
    """Exit status 1; one line each, also of what lies beside everything."""
    blob = exported.blobs()[2]
    put(environment["EXPORT_CONTAINER"], blob, b"no gzip")
    put(environment["EXPORT_CONTAINER"], "stray.txt", b"")
    done = verify(environment)
    assert (done.returncode, done.stderr) == (1, "")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines[:2]] == [["blob-unknown", "stray.txt"], ["blob-altered", blob]]
    assert lines[-1][:2] == ["result", "2 findings"]
    assert verify(environment, "--since", "2026-11-30").returncode == 1
    assert verify(environment, "--since", "2026-11-30", "--tenant", TENANT).returncode == 0


@pytest.mark.parametrize("columns", ["80", "200"])
def test_a_terminal_gets_tables(
    environment: dict[str, str], exported: Store, put: Callable[[str, str, bytes], None], columns: str
) -> None:
    """Each finding with its place and its meaning; no heading and no number is cut, however narrow it is."""
    blob = exported.blobs()[2]
    put(environment["EXPORT_CONTAINER"], blob, b"no gzip")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "shared.verify"]
    wide = environment | {"COLUMNS": columns, "TERM": "xterm", "NO_COLOR": "1"}
    done = subprocess.Popen(command, cwd=ROOT, env=wide, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux says so at the other side's end
        pass
    os.close(ours)
    assert done.wait() == 1
    text = " ".join(shown.decode().split())
    assert blob in text
    assert MEANING[Kind.BLOB_ALTERED] in text
    assert "…" not in text
    assert "✗ 1 finding\x1b" in text


def test_what_can_not_be_verified_is_neither(environment: dict[str, str], storage: Storage) -> None:
    """Exit status 2, with what to do about it: no container, nothing in it, wrong settings."""
    gone = verify(environment | {"EXPORT_CONTAINER": storage.name("gone")})
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "ContainerNotFound" in gone.stderr
    assert "Traceback" not in gone.stderr
    nothing = verify(environment, "--tenant", "22222222-2222-3333-4444-555555555555")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "nothing to verify" in nothing.stderr
    wrong = verify(environment | {"TENANT_ID": "x"})
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "TENANT_ID must be" in wrong.stderr


def with_reading(environment: dict[str, str], reading: str) -> subprocess.Popen[str]:
    """The command, with processes that do something else than reading; in a group of its own, as in a terminal."""
    code = f"""
import sys
from shared.verify import __main__, readers, verification
from tests.verify import test_readers
readers._WORTH_BYTES = 0
verification.Reading = test_readers.{reading}
sys.exit(__main__.main([]))
"""
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def test_a_process_that_dies_is_no_proof(environment: dict[str, str]) -> None:
    """Exit status 2, in words, and no result."""
    with with_reading(environment, "Dying") as run:
        said, complained = run.communicate()
    assert (run.returncode, said) == (2, "")
    assert complained.startswith("A process that read blobs has died")
    assert "Traceback" not in complained


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=str)
def test_nothing_is_left_of_a_command_that_was_ended(environment: dict[str, str], number: signal.Signals) -> None:
    """Ctrl-C, which reaches every process of the terminal, is quiet; and it may be killed."""
    with with_reading(environment, "Resting") as run:
        assert run.stdout
        assert run.stderr
        assert run.stdout.readline() == "at work\n"
        (os.killpg if number == signal.SIGINT else os.kill)(run.pid, number)
        # All processes hold its output, so it ends when the last one does.
        run.stdout.read()
        complained = run.stderr.read()
    if number == signal.SIGINT:
        assert (run.returncode, complained) == (130, "")
