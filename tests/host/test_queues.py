"""Queue triggers and outputs, against a real queue service."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.azurite import Azurite
from tests.host.conftest import SampleHost, eventually, sample_host


def order(**what: object) -> str:
    return json.dumps(what)


def test_a_list_becomes_one_base64_message_each(host: SampleHost) -> None:
    """Strings in a list reach the next function byte for byte, JSON included."""
    sent = ["plain", '{"received": "2026-11-23T00:00:00Z"}', "[1, 2]", "é€"]
    assert host.request("POST", "/api/send", json.dumps(sent).encode()).status == 202
    assert sorted(json.loads(text)["body"] for text in host.done.take(4)) == sorted(sent)


def test_an_output_is_made_with_its_queue(host: SampleHost) -> None:
    """A queue that does not exist yet is created by the first message, as the host's binding does."""
    host.work.put("first")
    [raw] = host.done.take_raw(1)
    assert json.loads(base64.b64decode(raw, validate=True))["body"] == "first"


def test_one_plain_string_is_one_message(host: SampleHost) -> None:
    """A single string that is no JSON is sent as it is."""
    assert host.request("POST", "/api/send-one", b"hello {world}").status == 202
    [done] = host.done.take()
    assert json.loads(done)["body"] == "hello {world}"


def test_one_string_of_json_is_refused(host: SampleHost) -> None:
    """Azure's host would rewrite such a string; here it fails, and the log names the trap."""
    assert host.request("POST", "/api/send-one", b' {"a": 1}').status == 500
    assert "set a list, even for one message" in host.child.output()


def test_a_message_that_is_too_large_fails_the_invocation(host: SampleHost) -> None:
    """The queue service refuses more than 48 KiB before base64; the HTTP answer is 500."""
    assert host.request("POST", "/api/send-one", b"x" * 49_153).status == 500


def test_the_function_sees_the_message(host: SampleHost) -> None:
    """Id, attempt, time and pop receipt are those of the queue."""
    host.work.put("look")
    [done] = host.done.take()
    seen = json.loads(done)
    age = datetime.now(UTC) - datetime.fromisoformat(seen["inserted"])
    assert timedelta(seconds=-2) < age < timedelta(minutes=1)
    assert (seen["body"], seen["attempt"]) == ("look", 1)
    assert seen["id"]
    assert seen["receipt"]


def test_a_failed_message_comes_back_after_the_visibility_timeout(host: SampleHost) -> None:
    """host.json of the sample app says one second."""
    began = time.monotonic()
    host.work.put(order(fail=1))
    [done] = host.done.take()
    assert json.loads(done)["attempt"] == 2
    assert time.monotonic() - began > 1


def test_poison_after_the_last_attempt(host: SampleHost) -> None:
    """Five failures, and the message is moved as it was; undecodable ones are moved at once, unread."""
    failing = order(fail=99, name="test_poison")
    host.work.put(failing)
    host.work.put("not base64!", raw=True)
    assert host.poison.take_raw(1) == ["not base64!"]
    assert host.poison.take() == [failing]
    attempts = [line for line in host.child.output().splitlines() if line.endswith("fails as ordered")]
    assert attempts[-1] == "ValueError: attempt 5 fails as ordered"
    assert "Message has reached MaxDequeueCount of 5. Moving message to queue" in host.child.output()
    assert host.work.length() == 0


def test_messages_run_side_by_side(host: SampleHost) -> None:
    """A batch runs in the worker's threads at once, not one after the other."""
    began = time.monotonic()
    for _ in range(4):
        host.work.put(order(seconds=0.8))
    host.done.take(4)
    assert time.monotonic() - began < 4 * 0.8


def test_the_next_batch_waits_for_room(azurite: Azurite, tmp_path: Path) -> None:
    """Batches of 4, fetched while no more than 2 are running: never more than 6 at once."""
    waiting = [order(), order(), *(order(seconds=1.5, number=number) for number in range(8))]
    settings = {"PYTHON_THREADPOOL_THREAD_COUNT": "20"}
    with sample_host(azurite, tmp_path, settings=settings, waiting=waiting) as host:
        eventually(lambda: host.child.output().count("working on") == 2 + 6, "the second batch runs")
        assert len(host.work.client.peek_messages(max_messages=10)) == 2
        host.child.kill()  # nobody waits for the rest


def test_a_running_message_stays_hidden(azurite: Azurite, tmp_path: Path) -> None:
    """Its lease is renewed: a function that outlasts the lease runs once."""
    with sample_host(azurite, tmp_path, "--message-lease=2") as host:
        host.work.put(order(seconds=2.6))
        [done] = host.done.take()
        assert json.loads(done)["attempt"] == 1
        eventually(lambda: host.work.length() == 0, "the message is deleted")


def test_the_message_of_a_killed_host_comes_back(azurite: Azurite, tmp_path: Path) -> None:
    """When its lease ends, the next host takes it: the second attempt."""
    settings = {"LOCAL_HOST_MESSAGE_LEASE_SECONDS": "1"}
    with sample_host(azurite, tmp_path, settings=settings) as first:
        first.work.put(order(seconds=0.5))
        eventually(lambda: "working on" in first.child.output(), "the function runs")
        first.child.kill()
        names = {"WORK_QUEUE": first.work.client.queue_name, "DONE_QUEUE": first.done.client.queue_name}
        with sample_host(azurite, tmp_path, settings=names):
            [done] = first.done.take()
    assert json.loads(done)["attempt"] == 2


def test_sigterm_lets_a_function_finish(azurite: Azurite, tmp_path: Path) -> None:
    """The message is done and gone when the host has ended, with exit code 0."""
    with sample_host(azurite, tmp_path) as host:
        host.work.put(order(seconds=1))
        eventually(lambda: "working on" in host.child.output(), "the function runs")
        assert host.child.stop() == 0
        assert len(host.done.take()) == 1
        assert host.work.length() == 0
