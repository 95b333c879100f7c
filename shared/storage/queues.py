"""What the app itself sends to a queue, and its form over Azure Storage.

Triggers receive and output bindings send without this; it is for messages that are to show only later,
which a binding cannot say.
"""

from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:  # the SDK is loaded where a queue is made, not by whoever only sends
    from azure.core.credentials import TokenCredential
    from azure.storage.queue import QueueClient  # noqa: TID251


class Queue(Protocol):
    """One queue, as its senders see it."""

    def send(self, text: str, *, delay_s: int = 0) -> None:
        """Send a message of at most 48 KiB in UTF-8 that shows after ``delay_s`` seconds, 7 days at most.

        A retry after a lost answer may send it twice: receivers bear that.
        """
        ...


class AzureQueue:
    """``Queue`` over Azure Storage; an unread message is deleted after the service's default of 7 days."""

    def __init__(self, client: "QueueClient") -> None:
        self._client = client

    def send(self, text: str, *, delay_s: int = 0) -> None:
        self._client.send_message(text, visibility_timeout=delay_s)

    def length(self) -> int:
        """About how many messages there are, invisible ones too; 0 where there is no such queue."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def move_all_to(self, target: Queue) -> int:
        """Send every message to another queue, and only then delete it here; how many there were.

        A crash in between sends one twice: receivers bear that. What is not base64 of UTF-8 stays: no trigger reads it.
        """
        from azure.core.exceptions import ResourceNotFoundError

        moved = 0
        try:
            for message in self._client.receive_messages(messages_per_page=32, visibility_timeout=60):
                if (text := _decoded(message.content)) is None:
                    continue
                target.send(text)
                self._client.delete_message(message)
                moved += 1
        except ResourceNotFoundError:
            pass  # a poison queue is made by the first message that ends there
        return moved


def _decoded(content: str) -> str | None:
    try:
        return b64decode(content, validate=True).decode()
    except ValueError:
        return None


def by_connection_string(connection_string: str, queue: str) -> AzureQueue:
    """The queue of an account that is named by a connection string, such as Azurite's."""
    from azure.storage.queue import QueueClient  # noqa: TID251

    return AzureQueue(QueueClient.from_connection_string(connection_string, queue, **_client_options()))


def by_endpoint(endpoint: str, queue: str, credential: "TokenCredential") -> AzureQueue:
    """The queue of the account at an endpoint (``https://<account>.queue.core.windows.net``)."""
    from azure.storage.queue import QueueClient  # noqa: TID251

    return AzureQueue(QueueClient(endpoint, queue, credential, **_client_options()))


_RETRIES: Final = {"retry_total": 3, "initial_backoff": 0.5, "increment_base": 2, "random_jitter_range": 0.5}
"""The SDK's own first wait is 15 s."""


def _client_options() -> dict[str, Any]:
    from azure.storage.queue import TextBase64EncodePolicy  # noqa: TID251

    # The host reads base64 only; the SDK's default, plain text, would go straight to the poison queue.
    return {"message_encode_policy": TextBase64EncodePolicy(), **_RETRIES}
