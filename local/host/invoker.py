"""One invocation: call the function, deliver its outputs, write one log line."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping

from azure.core.exceptions import AzureError

from local.host import messages, worker
from local.host.config import HostJson
from local.host.functions import Function, Settings, connection_string
from local.host.protos import ParameterBinding, TypedData
from local.host.storage_queue import StorageQueue
from local.host.worker import InvocationFailed

log = logging.getLogger("host")


class Invoker:
    """Runs functions; knows the queues that they write to."""

    def __init__(self, functions: list[Function], config: HostJson, settings: Settings) -> None:
        self._encoding = config.queues.message_encoding
        self._queues = {
            (function.name, name): StorageQueue(connection_string(binding, settings), binding["queueName"])
            for function in functions
            for name, binding in function.outputs.items()
            if binding["type"] == "queue"
        }
        self.news: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        """By queue: set when a message was put on it from here. Azure's host does so, too (SharedQueueWatcher), which
        is why a queue function follows its sender at once and not at the next poll."""

    async def run(
        self, function: Function, argument: TypedData, metadata: Mapping[str, TypedData] | None = None
    ) -> TypedData | None:
        """Call the function and deliver what it gave to its outputs; return what it returned.

        Raises:
            InvocationFailed: logged already, with the traceback.
        """
        began = time.perf_counter()
        try:
            result = await worker.invoke(function, argument, metadata or {})
            for output in result.outputs:
                await self._deliver(function, output)
        except InvocationFailed as failure:
            log.error("Executed %s: failed, %d ms\n%s", function.name, _ms_since(began), str(failure).rstrip())
            raise
        log.info("Executed %s: ok, %d ms", function.name, _ms_since(began))
        return result.returned

    async def _deliver(self, function: Function, output: ParameterBinding) -> None:
        queue = self._queues[function.name, output.name]
        for payload in messages.payloads(output.data):
            try:
                await asyncio.to_thread(queue.put, messages.encode(payload, self._encoding))
            except (AzureError, UnicodeDecodeError) as error:
                raise InvocationFailed(f"output {output.name} to queue {queue.name}: {error}") from error
        self.news[queue.name].set()


def _ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
