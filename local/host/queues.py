"""Queue triggers: fetch, run, retry, give up.

After functions-bindings-storage-queue-trigger and the Azure WebJobs SDK (QueueListener.cs, QueueProcessor.cs).
A message is hidden while its function runs and deleted afterwards. One whose function failed is seen again after
``visibilityTimeout``; after ``maxDequeueCount`` attempts it goes to ``<queue>-poison``. One whose host died is seen
again when its lease ends.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage

from local.host import messages
from local.host.config import QueueOptions
from local.host.functions import Function
from local.host.invoker import Invoker
from local.host.protos import TypedData
from local.host.storage_queue import StorageQueue
from local.host.worker import InvocationFailed

log = logging.getLogger("host")

LEASE: Final = timedelta(minutes=10)
"""How long Azure's host hides a message that it runs; fixed there, renewed at half time."""
_SHORTEST_WAIT_S: Final = 0.1
"""Wait after the first look at an empty queue, in seconds; doubled up to ``maxPollingInterval``."""


class QueueListener:
    """Pumps one queue into one function."""

    def __init__(
        self, function: Function, queue: StorageQueue, options: QueueOptions, lease: timedelta, invoker: Invoker
    ) -> None:
        self._function = function
        self._queue = queue
        self._options = options
        self._lease = lease
        self._invoker = invoker
        self._news = invoker.news[queue.name]
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def listen(self) -> None:
        """Run until ``stop``, then wait for what is running."""
        wait_s = _SHORTEST_WAIT_S
        while not self._stopping:
            if await self._fetch():
                wait_s = _SHORTEST_WAIT_S
                await self._room_for_a_batch()
                continue
            await set_within(self._news, wait_s)
            self._news.clear()
            wait_s = min(wait_s * 2, self._options.max_polling_interval.total_seconds())
        if self._running:
            await asyncio.wait(self._running)

    def stop(self) -> None:
        """Fetch no more."""
        self._stopping = True
        self._news.set()

    async def _fetch(self) -> bool:
        """Start a batch; whether there was one."""
        try:
            batch = await asyncio.to_thread(self._queue.receive, self._options.batch_size, self._lease)
        except AzureError as error:
            log.error("Queue %s cannot be read: %s", self._queue.name, error)
            return False
        for message in batch:
            task = asyncio.create_task(self._process(message))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return bool(batch)

    async def _room_for_a_batch(self) -> None:
        while len(self._running) > self._options.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _process(self, message: QueueMessage) -> None:
        """Run the function and settle the message."""
        text = messages.decode(message.content, self._options.message_encoding)
        attempts = message.dequeue_count or 0
        if text is None:
            log.error("Message %s on %s is not base64: moving it to the poison queue", message.id, self._queue.name)
            await self._settle(self._to_poison, message)
        elif attempts > self._options.max_dequeue_count:  # the last attempt did not live to settle it
            await self._settle(self._give_up, message)
        elif await self._succeeds(message, text):
            await self._settle(self._queue.delete, message)
        elif attempts >= self._options.max_dequeue_count:
            await self._settle(self._give_up, message)
        else:
            await self._settle(self._release, message)

    async def _succeeds(self, message: QueueMessage, text: str) -> bool:
        finished = asyncio.Event()
        renewal = asyncio.create_task(self._renew(message, finished))
        try:
            await self._invoker.run(self._function, TypedData(string=text), messages.trigger_metadata(message))
        except InvocationFailed:
            return False
        else:
            return True
        finally:
            finished.set()
            await renewal  # it may be about to change the pop receipt, without which nothing can be settled

    async def _renew(self, message: QueueMessage, finished: asyncio.Event) -> None:
        while not await set_within(finished, self._lease.total_seconds() / 2):
            await self._settle(lambda message: self._queue.hide(message, self._lease), message)

    async def _settle(self, how: Callable[[QueueMessage], None], message: QueueMessage) -> None:
        try:
            await asyncio.to_thread(how, message)
        except AzureError as error:  # it is someone else's by now, or will be seen again when its lease ends
            log.error("Message %s on %s cannot be settled: %s", message.id, self._queue.name, error)

    def _release(self, message: QueueMessage) -> None:
        self._queue.hide(message, self._options.visibility_timeout)

    def _give_up(self, message: QueueMessage) -> None:
        most = self._options.max_dequeue_count
        poison = f"{self._queue.name}-poison"
        # The words of Azure's host, on which alerts are built.
        log.error("Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.", most, poison)
        self._to_poison(message)

    def _to_poison(self, message: QueueMessage) -> None:
        self._queue.poison().put(message.content)  # as it is
        self._queue.delete(message)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; whether it came in time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
