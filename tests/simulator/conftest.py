"""A small world to ask."""

from datetime import UTC, datetime, timedelta

import pytest

from local.simulator.tenant import Tenant, generated
from tests.simulator.client import Client

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    """The simulator's clock, at noon."""
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Client:
    """Asks about an empty tenant with every role."""
    return Client(Tenant(TENANT), clock)


@pytest.fixture
def full(clock: Clock) -> Client:
    """Asks about a tenant with 200 alerts, 100 incidents and 400 legacy alerts."""
    return Client(generated(TENANT, end=NOON, alerts_v2=200, incidents=100, alerts=400), clock)
