"""``python -m bench.webhook``: run the webhook's benchmark alone, and keep it in ``bench/results/webhook.md``."""

import argparse

from bench.webhook.results import FULL_S, write


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m bench.webhook", description=__doc__)
    parser.add_argument("--seconds", type=_seconds, default=FULL_S, help="length of the steady load; default: 60")
    print(write(parser.parse_args().seconds))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= FULL_S:
        raise argparse.ArgumentTypeError(f"1 to {FULL_S:g}")
    return seconds


if __name__ == "__main__":
    main()
