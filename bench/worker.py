"""``python -m bench.worker <contestant>``: one run in this process, one JSON line about it."""

import sys

import msgspec

from bench.anatomy import Anatomy
from bench.app import App
from bench.comparison import Comparison
from bench.floor import Floor
from bench.peer import Peer, PeerInAHurry
from bench.rendered import Rendered
from bench.sample import Contestant, measured
from bench.verifier import Unpacker, Verifier
from bench.view import View

_CONTESTANTS: dict[str, type[Contestant]] = {
    "app": App,
    "app with stopwatches": Anatomy,
    "floor": Floor,
    "latest": View,
    "reconcile": Comparison,
    "peer": Peer,
    "peer, gzip level 6": PeerInAHurry,
    "report": Rendered,
    "unpacker": Unpacker,
    "verifier": Verifier,
}


def main() -> None:
    """Be the contestant that is named."""
    contestant = _CONTESTANTS[sys.argv[1]]()
    sample = measured(contestant)
    if isinstance(contestant, Anatomy):
        sample = msgspec.structs.replace(sample, steps=contestant.steps())
    print(msgspec.json.encode(sample).decode())


if __name__ == "__main__":
    main()
