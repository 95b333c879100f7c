"""The messages between host and worker, as plain Python.

``azure-functions-runtime`` takes the message classes from its caller. In Azure they are generated from
``FunctionRpc.proto`` (https://github.com/Azure/azure-functions-language-worker-protobuf); here they are records with
the same names, holding what runtime 1.3.0 reads or writes and no more. The module itself is the namespace it wants.
"""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import ClassVar

# --- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TypedData:
    """A value of one of several kinds: at most one field is set."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    int: builtins.int | None = None
    double: float | None = None
    http: "RpcHttp | None" = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 protobuf's name
        """The kind that is set, or None."""
        kinds = ("string", "json", "bytes", "int", "double", "http")
        return next((kind for kind in kinds if getattr(self, kind) is not None), None)


@dataclass(frozen=True, kw_only=True)
class ParameterBinding:
    """A named value: a function's argument, or what it gave to an output binding."""

    name: str
    data: TypedData

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 protobuf's name
        """Always a plain value: there is no shared memory here."""
        return "data"


@dataclass(frozen=True, kw_only=True)
class NullableString:
    """A string that is set."""

    value: str


@dataclass(frozen=True, kw_only=True)
class NullableBool:
    """A truth value that is set."""

    value: bool


@dataclass(frozen=True, kw_only=True)
class NullableDouble:
    """A number that is set."""

    value: float


@dataclass(frozen=True, kw_only=True)
class Timestamp:
    """Seconds since 1970 in UTC."""

    seconds: int


@dataclass(frozen=True, kw_only=True)
class NullableTimestamp:
    """A time that is set."""

    value: Timestamp


# "None" means "not said", "ExplicitNone" is the attribute's value; no class body can hold the first name.
SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


@dataclass(frozen=True, kw_only=True)
class RpcHttpCookie:
    """A cookie that a function sets; ``max_age`` in seconds."""

    SameSite: ClassVar = SameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: IntEnum | None = None
    max_age: NullableDouble | None = None


@dataclass(frozen=True, kw_only=True)
class RpcHttp:
    """An HTTP request on its way to a function, or the answer on its way back."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    status_code: str = ""
    cookies: Sequence[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


# --- the worker's answers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RpcException:
    """What was raised; the message begins with the exception's class."""

    message: str
    stack_trace: str


@dataclass(frozen=True, kw_only=True)
class StatusResult:
    """Whether a request went well."""

    Failure: ClassVar = 0
    Success: ClassVar = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, kw_only=True)
class WorkerMetadata:
    """Who the worker is."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class WorkerInitResponse:
    """The app was imported and indexed, or why not."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, kw_only=True)
class BindingInfo:
    """One binding's form, for the runtime's own checks; the enum values are the protocol's."""

    inout: ClassVar = 2
    out: ClassVar = 1
    undefined: ClassVar = 0

    type: str
    data_type: int | None
    direction: int


@dataclass(frozen=True, kw_only=True)
class RpcRetryOptions:
    """A function's retry policy."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class RpcFunctionMetadata:
    """One indexed function; ``raw_bindings`` are JSON texts as in a function.json."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: RpcRetryOptions | None
    properties: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class FunctionMetadataResponse:
    """All functions of the app; None when there is no app."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True, kw_only=True)
class FunctionLoadResponse:
    """A function is ready to be called."""

    function_id: str
    result: StatusResult


@dataclass(frozen=True, kw_only=True)
class InvocationResponse:
    """What a call came to."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
