"""Verify what was exported.

``python -m shared.verify``, with the app's settings in the environment: a connection string, or the blob endpoint and
an identity that may read there (GRAPH_CREDENTIAL=developer uses the sign-in of ``az`` or ``azd``).
"""

import argparse
import sys
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from datetime import date

from shared import instants, wiring
from shared.errors import SettingsError
from shared.graph.sources import SOURCES
from shared.verify.looking import chains
from shared.verify.readers import StorageUnreadable, readers
from shared.verify.screen import Screen
from shared.verify.verification import Verification

CLEAN, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit status: all is well; there are findings; it could not be verified; Ctrl-C, as shells have it."""


def main(arguments: list[str] | None = None) -> int:
    """Verify, tell, and return the exit status."""
    from azure.core.exceptions import AzureError

    parser = argparse.ArgumentParser(prog="python -m shared.verify", description=__doc__.partition("\n")[0])
    parser.add_argument("--source", choices=SOURCES, help="only this one")
    parser.add_argument("--tenant", type=str.lower, help="only this one, a GUID")
    parser.add_argument(
        "--since",
        type=date.fromisoformat,
        metavar="DATE",
        help="what lies before it (2026-11-23, UTC) was removed by a lifecycle rule, or may have been",
    )
    options = parser.parse_args(arguments)
    try:
        return _verify(options.source, options.tenant, options.since)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
    except (AzureError, StorageUnreadable) as error:
        sys.stderr.write(f"Storage can't be read: {error}\nCheck the account, both containers and the reader's role.\n")
    except BrokenExecutor as error:
        sys.stderr.write(f"A process that read blobs has died: {error}\nIs there memory enough? Verify again.\n")
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED


def _verify(source: str | None, tenant: str | None, since: date | None) -> int:
    state = wiring.state()
    wanted = chains(wiring.data(), state, source, tenant)
    if not wanted.chains and not wanted.strays:
        sys.stderr.write("There is nothing to verify: no checkpoint, no manifest and no blob.\n")
        return FAILED
    with readers() as processes, Screen() as screen:
        verification = Verification(
            wiring.data,
            state,
            processes,
            ThreadPoolExecutor,
            instants.from_datetime(wiring.clock.now()),
            screen,
            instants.from_date(since) if since else 0,
        )
        verified = [verification.chain(*chain) for chain in wanted.chains]
    screen.tell(verified, wanted.strays)
    return FOUND if wanted.strays or any(chain.findings for chain in verified) else CLEAN


if __name__ == "__main__":
    sys.exit(main())
