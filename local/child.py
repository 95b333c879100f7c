"""One child process: its log, the line that says it is ready, its end.

Who ends a child, and when:

* leaving the ``with`` block, on every system: SIGTERM, and SIGKILL after ``STOP_S``;
* the interpreter's exit without that: ``atexit``, on every system;
* a parent that is killed: Linux only, by ``PR_SET_PDEATHSIG`` (``man 2 prctl``). The end of the *thread* that
  started the child counts as the parent's death, so start children from a thread that outlives them. On macOS
  and Windows a SIGKILL of the parent leaves its children running.

Children get a process group of their own: Ctrl-C reaches the parent alone, which then stops them in order.
"""

import atexit
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project's folder."""
STOP_S: Final = 15.0
"""How long a child may take over SIGTERM, in seconds; the local host drains for 10."""
READY_S: Final = 60.0
"""How long a child may take to become ready, in seconds: generous, as CI machines are slow."""
TAIL_LINES: Final = 40
"""Lines of the log shown when a child fails."""
_POLL_S: Final = 0.02
_PR_SET_PDEATHSIG: Final = 1

_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""All that children inherit: a developer's proxies, ``AZURE_*`` and the like stay out."""


class ChildFailed(RuntimeError):
    """A child ended, or was silent too long, before it was ready; the message ends with its log's tail."""


class Child:
    """A running process whose output goes to one log file.

    Attributes:
        name: what messages call it.
        log: the file that gets its standard output and error, appended to.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path = ROOT
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._start_of_log = out.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={key: os.environ[key] for key in _INHERITED if key in os.environ} | dict(env),
                process_group=None if os.name == "nt" else 0,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 one C call on memory that is there already
            )
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; minus the signal's number when a signal ended it; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """What this process has written so far; earlier processes with the same log are left out."""
        with self.log.open("rb") as file:
            file.seek(self._start_of_log)
            return file.read().decode(errors="replace")

    def wait_for(self, pattern: str, *, timeout_s: float = READY_S) -> str:
        """Wait until a whole line of the output matches, and return the pattern's first group.

        The log is polled: a pipe would need a reader for as long as the child lives.

        Raises:
            ChildFailed: it ended first, or ``timeout_s`` seconds passed.
        """
        line = re.compile(rf"^.*?{pattern}.*\n", re.MULTILINE)
        deadline = time.monotonic() + timeout_s
        while True:
            ended = self.returncode is not None  # asked first, so that its last words are read
            if match := line.search(self.output()):
                return match[1]
            if ended:
                raise ChildFailed(f"{self.name} ended with code {self.returncode}, not ready:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} was not ready within {timeout_s:.0f} s:\n{self.tail()}")
            time.sleep(_POLL_S)

    def tail(self) -> str:
        """The last lines of the output."""
        return "\n".join(self.output().splitlines()[-TAIL_LINES:])

    def stop(self, *, timeout_s: float = STOP_S) -> int:
        """Ask it to end, insist after ``timeout_s`` seconds, and return the exit code."""
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        atexit.unregister(self.kill)
        return self._process.wait()

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        atexit.unregister(self.kill)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def log_folder(wanted: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that vanishes afterwards."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="local-stack-") as temporary:
        yield Path(temporary)


def _die_with_parent() -> Callable[[], None] | None:
    """What a new child does before its program begins, or None where the system has no such thing."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec nothing may be loaded
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
