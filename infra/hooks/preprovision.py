"""azd's hook before anything is made: says which values of the azd environment are wrong, and stops there.

Exit codes: 0 nothing is wrong, 1 something is.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the project, in place of this folder

from infra.hooks.console import run, say
from infra.hooks.parameters import notes, problems


def main(env: Mapping[str, str]) -> int:
    """Check, and return the exit code."""
    for note in notes(env):
        say(f"Note: {note}")
    wrong = list(problems(env))
    if not wrong:
        say("The azd environment's values are well-formed.")
        return 0
    say(f"Nothing was created: the azd environment has {len(wrong)} wrong or missing value{'s'[: len(wrong) - 1]}.")
    for line in wrong:
        say(f"  {line}")
    return 1


if __name__ == "__main__":
    run(lambda: main(os.environ))
