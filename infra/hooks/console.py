"""What a person reads. Never a key, a token or a URL with one: whoever calls ``say`` has none in hand."""

import io
import sys
from collections.abc import Callable

from infra.hooks.stopped import Stopped


def say(text: str = "") -> None:
    """Print at once: azd passes output on through a pipe, which would hold it back while we wait."""
    print(text, flush=True)


def run(hook: Callable[[], int]) -> None:
    """Run a hook and end the process with its exit code; 1 with the reason where it had to stop."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Azure's own words may hold what a Windows console's code page lacks.
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(hook())
    except Stopped as reason:
        sys.exit(f"\nStopped: {reason}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. It is safe to run this again.")
