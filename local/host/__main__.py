"""``python -m local.host --app DIR``: run a function app on 127.0.0.1, with the process environment as settings.

One JSON line ``{"url": …}`` on standard output says that it is ready; everything else goes to standard error.
SIGTERM and Ctrl-C stop it in order: nothing new is taken, and what runs may finish.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import uvicorn

from local.host import worker
from local.host.config import WrongConfiguration
from local.host.host import DRAIN_S, Host, Options
from local.host.queues import LEASE

LEASE_SETTING: Final = "LOCAL_HOST_MESSAGE_LEASE_SECONDS"
KEY_SETTING: Final = "LOCAL_HOST_FUNCTION_KEY"


def main() -> None:
    """Run until a signal; exit code 1 when the app cannot run."""
    arguments = _parser().parse_args()
    _log_to_stderr()
    options = Options(
        app=arguments.app.resolve(),
        timers=not arguments.no_timers,
        message_lease=timedelta(seconds=arguments.message_lease),
        function_key=os.environ.get(KEY_SETTING),
    )
    try:
        host = asyncio.run(_serve(options, arguments.port, arguments.ready_file))
    except WrongConfiguration as error:
        logging.getLogger("host").critical("%s", error)
        sys.exit(1)
    if host.abandoned:
        os._exit(1)  # Python would wait for the threads of functions that do not end
    worker.stop()


async def _serve(options: Options, port: int, ready_file: Path | None) -> Host:
    host = await Host.load(options, os.environ)
    listening = socket.create_server(("127.0.0.1", port))
    # asyncio does this only for sockets that say they are TCP; each answer after the first would wait 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def on_ready() -> None:
        # The socket is listening already: a client that comes now is served, not refused.
        ready = json.dumps({"url": url})
        if ready_file:  # first: whoever reads the line may look into the file at once
            ready_file.write_text(ready + "\n", encoding="utf-8")
        print(ready, flush=True)

    config = uvicorn.Config(
        host.asgi(on_ready),
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=int(DRAIN_S),
    )
    # When it has shut down, uvicorn raises the signal again for whoever handled it before: us, who are content.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None)
    await uvicorn.Server(config).serve(sockets=[listening])
    return host


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder with host.json and function_app.py")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--ready-file", type=Path, help="also write the ready line to this file")
    parser.add_argument("--no-timers", action="store_true", help="fire timers on demand alone")
    parser.add_argument(
        "--message-lease",
        type=float,
        default=float(os.environ.get(LEASE_SETTING, LEASE.total_seconds())),
        metavar="SECONDS",
        help=f"how long a message of a host that died stays hidden; default: ${LEASE_SETTING}, or 600 as in Azure",
    )
    return parser


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s.%(msecs)03dZ %(levelname)-7s %(invocation).8s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_with_invocation)
    # Chatter of the host's own libraries, which nobody sees in Azure either.
    for name in ("azure.functions", "azure.core.pipeline.policies.http_logging_policy", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_invocation(record: logging.LogRecord) -> bool:
    """Note which invocation a line belongs to: ``-`` where Azure would not know, and not show it to anybody."""
    record.invocation = worker.invocation() or "-"
    return True


if __name__ == "__main__":
    main()
