"""Give poison messages another chance, once what poisoned them is mended.

``python -m shared.replay export-jobs`` or ``graph-notifications``, with the app's settings in the environment: a
connection string, or the queue endpoint and an identity that may write there (GRAPH_CREDENTIAL=developer uses the
sign-in of ``az`` or ``azd``).
"""

import argparse
import sys

from shared import wiring
from shared.errors import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Move every message of a poison queue back to its queue; exit status 0, or 2 where the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m shared.replay", description=__doc__.partition("\n")[0])
    parser.add_argument("queue", choices=[name for name in wiring.QUEUES if not name.endswith(wiring.POISON)])
    name = parser.parse_args(arguments).queue
    try:
        moved = wiring.queue(f"{name}{wiring.POISON}").move_all_to(wiring.queue(name))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{moved} messages went from {name}{wiring.POISON} to {name}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
