"""One queue of the storage account. Its methods block: call them in a thread."""

from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, QueueMessage


class StorageQueue:
    """A queue that comes into being when the first message is put on it, as with the host's bindings."""

    def __init__(self, connection_string: str, name: str) -> None:
        self.name = name
        # The SDK's own retries begin at 15 s, longer than anyone waits locally.
        retry = LinearRetry(backoff=1, retry_total=2)
        self._connection_string = connection_string
        self._client = QueueClient.from_connection_string(connection_string, name, retry_policy=retry)

    def put(self, text: str) -> None:
        """Add a message; its text goes as it is."""
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # a neighbour was faster
                self._client.create_queue()
            self._client.send_message(text)

    def receive(self, most: int, lease: timedelta) -> list[QueueMessage]:
        """Take up to ``most`` messages, hidden from others for the lease; none when there is no such queue yet."""
        try:
            return list(self._client.receive_messages(max_messages=most, visibility_timeout=_seconds(lease)))
        except ResourceNotFoundError:
            return []

    def hide(self, message: QueueMessage, time: timedelta) -> None:
        """Keep a message hidden for this long from now; its pop receipt is renewed."""
        updated = self._client.update_message(
            message.id, pop_receipt=message.pop_receipt, visibility_timeout=_seconds(time)
        )
        message.pop_receipt = updated.pop_receipt

    def delete(self, message: QueueMessage) -> None:
        """Remove a message for good."""
        self._client.delete_message(message.id, pop_receipt=message.pop_receipt)

    def poison(self) -> "StorageQueue":
        """The queue for what could not be processed."""
        return StorageQueue(self._connection_string, f"{self.name}-poison")


def _seconds(time: timedelta) -> int:
    return round(time.total_seconds())
