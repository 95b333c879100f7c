"""The contestant of the latest view: one run of the app's own, wired as in Azure."""

import json
import logging

from shared import wiring
from shared.events import Event
from shared.views import latest


class View:
    """One tick."""

    def __init__(self) -> None:
        self._edges = wiring.latest_edges()
        self._told = _Told()
        logger = logging.getLogger("shared.events")
        logger.setLevel(logging.INFO)
        logger.addHandler(self._told)

    def work(self) -> None:
        config = wiring.settings()
        latest.publish_all(self._edges, wiring.tenants(), config.export_sources, config.run_budget_seconds)

    def records(self) -> int:
        return self._told.records


class _Told(logging.Handler):
    """Counts what the app says that it merged, once it says that nothing is left."""

    def __init__(self) -> None:
        super().__init__()
        self.records = 0

    def emit(self, record: logging.LogRecord) -> None:
        event = json.loads(record.getMessage())
        if event["event"] == Event.PUBLISHED and not event["continues"]:
            self.records += event["records"]
