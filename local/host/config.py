"""host.json, as far as the local host acts on it (https://learn.microsoft.com/azure/azure-functions/functions-host-json).

Not acted on:

* ``functionTimeout``: in Azure the whole worker process is replaced when a function overruns, since a Python
  thread cannot be stopped from outside; the only process here is the host itself.
* ``retry`` policies, ``logging``, ``concurrency``, ``extensions.http`` beyond ``routePrefix``: they shape load and
  telemetry in Azure, not what a function sees.
"""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self


class WrongConfiguration(Exception):
    """The app cannot run as it is configured; the message says where and what to do."""


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """``extensions.queues``: how messages are fetched and retried (functions-bindings-storage-queue)."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    """A further batch is fetched while no more than this many messages are running."""
    max_polling_interval: timedelta = timedelta(seconds=2)
    """Longest wait between looks at an empty queue: 2 s locally, where Azure's default is a minute."""
    visibility_timeout: timedelta = timedelta(0)
    """How long a message stays hidden after its function failed."""
    max_dequeue_count: int = 5
    message_encoding: str = "base64"

    @classmethod
    def from_json(cls, section: dict[str, Any]) -> Self:
        """Read the section and check it against the limits that the host sets."""
        batch_size = int(section.get("batchSize", cls.batch_size))
        options = cls(
            batch_size=batch_size,
            new_batch_threshold=int(section.get("newBatchThreshold", batch_size // 2)),
            max_polling_interval=_timespan(section, "maxPollingInterval", cls.max_polling_interval),
            visibility_timeout=_timespan(section, "visibilityTimeout", cls.visibility_timeout),
            max_dequeue_count=int(section.get("maxDequeueCount", cls.max_dequeue_count)),
            message_encoding=str(section.get("messageEncoding", cls.message_encoding)).lower(),
        )
        if not 1 <= options.batch_size <= 32:
            raise WrongConfiguration(f"host.json: queues.batchSize is {batch_size}; 1 to 32 are allowed")
        if options.message_encoding not in {"base64", "none"}:
            raise WrongConfiguration("host.json: queues.messageEncoding must be base64 or none")
        return options


@dataclass(frozen=True, kw_only=True)
class HostJson:
    """The settings of host.json that the local host knows."""

    route_prefix: str = "api"
    queues: QueueOptions = QueueOptions()

    @classmethod
    def read(cls, app: Path) -> Self:
        """Read ``host.json`` of an app folder; the host refuses to start without one."""
        path = app / "host.json"
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise WrongConfiguration(f"{path}: not found; is this the folder of a function app?") from None
        except ValueError as error:
            raise WrongConfiguration(f"{path}: not JSON: {error}") from None
        extensions = content.get("extensions", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", cls.route_prefix).strip("/"),
            queues=QueueOptions.from_json(extensions.get("queues", {})),
        )


_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")


def _timespan(section: dict[str, Any], key: str, default: timedelta) -> timedelta:
    """.NET's ``[d.]hh:mm:ss[.fffffff]``."""
    text = section.get(key)
    if text is None:
        return default
    match = _TIMESPAN.fullmatch(str(text))
    if match is None:
        raise WrongConfiguration(f"host.json: queues.{key} is {text!r}; write [d.]hh:mm:ss")
    days, hours, minutes, seconds, fraction = match.groups(default="0")
    return timedelta(
        days=int(days),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int(fraction.ljust(7, "0")) // 10,
    )
