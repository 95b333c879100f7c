"""The worker: Microsoft's ``azure-functions-runtime``, called as its gRPC dispatcher would call it.

The runtime's state is global to the process, so there is one app a process. Synchronous functions run in the
runtime's thread pool (``PYTHON_THREADPOOL_THREAD_COUNT``), asynchronous ones on the event loop, as in Azure.
"""

import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime  # type: ignore[import-untyped]
from azure_functions_runtime.bindings.context import _invocation_id_local  # type: ignore[import-untyped]

from local.host import protos
from local.host.config import WrongConfiguration
from local.host.functions import Function, Settings, from_metadata
from local.host.protos import ParameterBinding, StatusResult, TypedData


class InvocationFailed(Exception):
    """A function raised, or what it gave to its outputs could not be delivered."""


@dataclass(frozen=True)
class _Request:
    """The envelope that every entry point of the runtime takes."""

    request: Any
    properties: Mapping[str, Any] = field(default_factory=dict)


async def load(app: Path, settings: Settings) -> list[Function]:
    """Import and index the app in this process; to be called once.

    Raises:
        WrongConfiguration: it does not index; the message holds the worker's own error and traceback.
    """
    sys.path.insert(0, str(app))
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app))
    started = await runtime.worker_init_request(
        _Request(SimpleNamespace(worker_init_request=init), {"protos": protos, "host": "127.0.0.1"})
    )
    if started.result.status != StatusResult.Success:
        error = started.result.exception
        raise WrongConfiguration(f"the app does not index: {error.message}\n{error.stack_trace}")
    found = (await runtime.functions_metadata_request(_Request(None))).function_metadata_results
    if not found:
        raise WrongConfiguration(f"{app}: 0 functions found; there is no function_app.py, or it registers none")
    functions = [from_metadata(metadata, settings) for metadata in found]
    for function in functions:
        load_request = SimpleNamespace(function_id=function.id)
        await runtime.function_load_request(_Request(SimpleNamespace(function_load_request=load_request)))
    return functions


@dataclass(frozen=True)
class Result:
    """What a function that did not fail has left."""

    returned: TypedData | None
    outputs: list[ParameterBinding]


async def invoke(function: Function, argument: TypedData, metadata: Mapping[str, TypedData]) -> Result:
    """Call a function with its trigger's value.

    Raises:
        InvocationFailed: with the worker's traceback.
    """
    invocation = SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function.id,
        input_data=[ParameterBinding(name=function.trigger["name"], data=argument)],
        trigger_metadata=metadata,
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    response = await runtime.invocation_request(_Request(SimpleNamespace(invocation_request=invocation)))
    if response.result.status != StatusResult.Success:
        raise InvocationFailed(response.result.exception.stack_trace)
    return Result(response.return_value, list(response.output_data))


def invocation() -> str | None:
    """The invocation that the running thread logs for, as far as the worker can tell.

    Azure's worker asks the same two before it ships a line, and one that belongs to no invocation reaches nobody. A
    thread that a function made is in neither, unless it has put the invocation's id into
    ``context.thread_local_storage`` (Python developer guide, "Logging from created threads").
    """
    return runtime.invocation_id_cv.get() or getattr(_invocation_id_local, "invocation_id", None)


def stop() -> None:
    """End the thread pool; returns once no synchronous function runs any more."""
    runtime.stop_threadpool_executor()
