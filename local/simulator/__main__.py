"""``python -m local.simulator``: serve a generated world until interrupted."""

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from local.simulator.entra import Assertions, EntraEndpoint
from local.simulator.graph import Graph
from local.simulator.server import announce, listen, make_app, make_server, make_tls_server, serve
from local.simulator.tenant import generated, many

_EXAMPLE_TENANT = "11111111-2222-4333-8444-555555555555"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--port-file", type=Path, help="the port is written here when requests are answered")
    parser.add_argument("--tenant", default=_EXAMPLE_TENANT, help="tenant id (GUID)")
    parser.add_argument("--tenants", type=int, default=1, help="so many, that one the first; the records are of each")
    parser.add_argument("--entra-ca", type=Path, help="serve Entra over TLS, too, and write its authority's PEM here")
    parser.add_argument("--seed", type=int, default=1, help="decides the data")
    parser.add_argument("--alerts", type=int, default=20_000, help="records in alerts_v2")
    parser.add_argument("--incidents", type=int, default=2_000)
    parser.add_argument("--legacy", type=int, default=2_000, help="records in alerts")
    parser.add_argument("--days", type=int, default=30, help="length of the history")
    parser.add_argument("--end", type=datetime.fromisoformat, help="end of the history, with time zone; default: now")
    parser.add_argument("--cache-pages", type=int, default=0, help="finished pages to keep, for benchmarks")
    return parser.parse_args()


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    """Serve."""
    options = _options()
    tenants = {
        tenant_id: generated(
            tenant_id,
            end=options.end or _now(),
            days=options.days,
            seed=options.seed + n,
            alerts_v2=options.alerts,
            incidents=options.incidents,
            alerts=options.legacy,
        )
        for n, tenant_id in enumerate(many(options.tenant, options.tenants))
    }
    listener, url = listen(options.port)
    graph = Graph(tenants=tenants, now=_now, base_url=url, cache_pages=options.cache_pages)
    assertions = Assertions()
    entra = EntraEndpoint(graph, assertions, _now)
    entra_listener, entra_url = listen(0, "https") if options.entra_ca else (None, None)
    app = make_app(
        graph,
        tenant_id=options.tenant,
        identity_secret=os.environ.get("IDENTITY_HEADER", ""),
        now=_now,
        on_ready=lambda: announce(url, options.port_file, entra_url),
        assertions=assertions,
        entra=entra,
    )
    served = [(make_server(app), listener)]
    if entra_listener:
        served.insert(0, (make_tls_server(entra.app(), options.entra_ca), entra_listener))
    asyncio.run(serve(*served))


if __name__ == "__main__":
    main()
