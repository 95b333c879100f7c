"""Exports one source in this process, with everything real but the queue's trigger, and prints the peak memory.

Usage: ``python -m tests.e2e.export_once SOURCE``, with the app's settings in the environment.
"""

import resource
import sys

from shared import wiring
from shared.export import job
from shared.export.jobs import Job


def main(source: str) -> None:
    """Run jobs until everything that Graph had at the beginning is in blobs."""
    tenant = wiring.settings().tenant_id
    job.run(Job(asked_by="person", source=source, tenant=tenant), wiring.edges(), wiring.rules())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
