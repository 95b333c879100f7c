"""The app's functions as the host sees them: a trigger, outputs, and the settings they name."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.host.config import WrongConfiguration
from local.host.protos import RpcFunctionMetadata

Settings = Mapping[str, str]
"""The app settings: the process environment."""

HTTP: Final = "httpTrigger"
QUEUE: Final = "queueTrigger"
TIMER: Final = "timerTrigger"
_TRIGGERS: Final = (HTTP, QUEUE, TIMER)
_OUTPUTS: Final = ("http", "queue")

Binding = Mapping[str, Any]
"""A binding with the keys of function.json, its ``%SETTINGS%`` filled in."""


@dataclass(frozen=True)
class Function:
    """An indexed function."""

    name: str
    id: str
    trigger: Binding
    outputs: Mapping[str, Binding]
    disabled: bool
    has_retry_policy: bool

    @property
    def kind(self) -> str:
        """The trigger's type, such as ``queueTrigger``."""
        return str(self.trigger["type"])


def from_metadata(metadata: RpcFunctionMetadata, settings: Settings) -> Function:
    """Turn what the worker found into a function.

    Raises:
        WrongConfiguration: a setting is missing, or a binding is of a kind that the local host lacks.
    """
    bindings = [_resolve(json.loads(raw), metadata.name, settings) for raw in metadata.raw_bindings]
    triggers = [binding for binding in bindings if binding["type"].endswith("Trigger")]
    others = [binding for binding in bindings if binding not in triggers]
    for binding in bindings:
        known = _TRIGGERS if binding in triggers else _OUTPUTS
        if binding["type"] not in known:
            raise WrongConfiguration(f"{metadata.name}: the local host has no binding {binding['type']!r}")
        if (binding["type"] == "http") != (binding["name"] == "$return"):
            raise WrongConfiguration(f"{metadata.name}: the local host returns HTTP answers and nothing else")
    if len(triggers) != 1:
        raise WrongConfiguration(f"{metadata.name}: a function needs one trigger, this has {len(triggers)}")
    return Function(
        name=metadata.name,
        id=metadata.function_id,
        trigger=triggers[0],
        outputs={binding["name"]: binding for binding in others},
        disabled=settings.get(f"AzureWebJobs.{metadata.name}.Disabled", "").lower() in {"true", "1"},
        has_retry_policy=metadata.retry_options is not None,
    )


def connection_string(binding: Binding, settings: Settings) -> str:
    """The storage account that a queue binding names.

    The host looks for ``AzureWebJobs<name>`` before ``<name>`` (functions-reference, "Connections"). Identity-based
    connections (``<name>__queueServiceUri``) need Azure.
    """
    name = binding.get("connection") or "AzureWebJobsStorage"
    found = settings.get(f"AzureWebJobs{name}") or settings.get(name)
    if not found:
        raise WrongConfiguration(f"setting {name} is missing: the local host wants a connection string there")
    return found


def _resolve(value: Any, function: str, settings: Settings) -> Any:
    """Fill in ``%NAME%``, at any depth of a binding."""
    match value:
        case dict():
            return {key: _resolve(item, function, settings) for key, item in value.items()}
        case list():
            return [_resolve(item, function, settings) for item in value]
        case str():
            return re.sub(r"%([^%]+)%", lambda match: _setting(match[1], function, settings), value)
        case _:
            return value


def _setting(name: str, function: str, settings: Settings) -> str:
    try:
        return settings[name]
    except KeyError:
        # The host's own words go first: people search for them.
        raise WrongConfiguration(
            f"{function}: '%{name}%' does not resolve to a value; add the app setting {name}"
        ) from None
