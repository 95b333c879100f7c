"""``python -m local demo`` and ``python -m local serve``: the app on this machine, with a simulated Graph."""

import argparse
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from local import demo, serve
from local.child import ChildFailed
from local.screen import Screen
from local.world import World


def main() -> int:
    """Run what was asked for, and return the exit status."""
    arguments = _parser().parse_args()
    world = World(alerts=arguments.alerts, days=arguments.days, seed=arguments.seed)
    screen = Screen()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if arguments.command == "serve":
            return serve.run(world, screen)
        return demo.run(world, screen, crash=arguments.crash)
    except (ChildFailed, FileNotFoundError) as error:
        screen.failure(str(error))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    world = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    world.add_argument(
        "--alerts", type=_at_most(10_000_000), default=World.alerts, help="how many; other sources follow"
    )
    world.add_argument("--days", type=_at_most(365), default=World.days, help="length of the history")
    world.add_argument("--seed", type=int, default=World.seed, help="decides the data")

    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (
        ("demo", "export a month of simulated alerts, and prove that no revision is lost or doubled"),
        ("serve", "keep everything running until Ctrl-C, to try things out"),
    ):
        commands.add_parser(
            name, parents=[world], help=does, description=does, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
    commands.choices["demo"].add_argument("--crash", action="store_true", help="kill the host in the middle of it")
    return parser


def _at_most(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between 1 and {most}")
        return int(text)

    return number


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends us as Ctrl-C does, children first."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
