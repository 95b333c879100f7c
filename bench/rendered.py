"""The app's own report of one tenant, wired as in Azure."""

import os
import re

from shared import wiring
from shared.views import names


class Rendered:
    """One tenant's turn of ``render_report``."""

    def __init__(self) -> None:
        self._rendering = wiring.rendering()
        self._tenant = os.environ["TENANT_ID"]

    def work(self) -> None:
        self._rendering.tenant(self._tenant)

    def records(self) -> int:
        page = wiring.views().read(names.latest_report(self._tenant))
        told = re.search(rb"<b>([\d,]+)</b> ever exported", page.data) if page else None
        return int(told[1].replace(b",", b"")) if told else 0
