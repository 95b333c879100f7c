"""``AzureQueue`` on the wire, since the host reads what it writes."""

import base64
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient

from shared.storage.queues import AzureQueue, Queue, by_connection_string
from tests.conftest import Storage


@pytest.fixture
def raw(storage: Storage) -> Iterator[QueueClient]:
    """The queue as it is on the wire."""
    with QueueClient.from_connection_string(storage.connection_string, storage.name("jobs")) as client:
        client.create_queue()
        yield client


@pytest.fixture
def queue(storage: Storage, raw: QueueClient) -> AzureQueue:
    return by_connection_string(storage.connection_string, raw.queue_name)


def test_messages_are_base64_on_the_wire(queue: Queue, raw: QueueClient) -> None:
    """The host decodes base64 of UTF-8; anything else would go to the poison queue unread."""
    queue.send('{"tenant": "Zürich"}')
    message = raw.receive_message()
    assert message is not None
    assert base64.b64decode(message.content).decode() == '{"tenant": "Zürich"}'


def test_a_delayed_message_is_there_but_not_visible(queue: Queue, raw: QueueClient) -> None:
    """It counts, and nobody receives it before its time."""
    queue.send("later", delay_s=3600)
    assert raw.receive_message() is None
    assert raw.get_queue_properties().approximate_message_count == 1


def test_messages_live_for_seven_days(queue: Queue, raw: QueueClient) -> None:
    """The service's default: a message that nobody could read does not stay for ever."""
    queue.send("now")
    message = raw.receive_message()
    assert message is not None
    assert message.expires_on is not None
    assert message.inserted_on is not None
    assert (message.expires_on - message.inserted_on).days == 7


def test_48_kib_fit(queue: Queue) -> None:
    """The limit of 64 KiB is one of base64, so text may have three quarters of it."""
    queue.send("x" * 48 * 1024)


def test_a_missing_queue_is_an_error(storage: Storage) -> None:
    """A message that went nowhere would be a bell that nobody hears."""
    queue: AzureQueue = by_connection_string(storage.connection_string, storage.name("none"))
    with pytest.raises(ResourceNotFoundError):
        queue.send("lost")


def test_a_poison_queue_is_emptied_into_its_own(queue: AzureQueue, raw: QueueClient, storage: Storage) -> None:
    """Every message comes back as it was, more than a page of them; a queue that is not there holds none."""
    target = storage.name("target")
    with QueueClient.from_connection_string(storage.connection_string, target) as wire:
        wire.create_queue()
        to = by_connection_string(storage.connection_string, target)
        for number in range(40):
            queue.send(f'{{"n": {number}, "text": "Zürich"}}')
        raw.send_message("no base64")
        assert queue.length() == 41
        assert queue.move_all_to(to) == 40
        assert (queue.length(), to.length()) == (1, 40)
        found = [base64.b64decode(message.content).decode() for message in wire.receive_messages(messages_per_page=32)]
    assert sorted(found) == sorted(f'{{"n": {number}, "text": "Zürich"}}' for number in range(40))
    absent = by_connection_string(storage.connection_string, storage.name("absent"))
    assert (absent.length(), absent.move_all_to(to)) == (0, 0)
