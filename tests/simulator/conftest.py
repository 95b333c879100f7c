"""A small world to ask."""

import pytest

from local.simulator.tenant import Tenant, generated
from tests.simulator.client import Client
from tests.simulator.subscriber import Endpoint, Subscriber
from tests.simulator.world import NOON, TENANT, Clock

__all__ = ["NOON", "TENANT", "Clock"]


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


@pytest.fixture
def endpoint(clock: Clock) -> Endpoint:
    """Where an app is notified."""
    return Endpoint(clock)


@pytest.fixture
def app(clock: Clock, endpoint: Endpoint) -> Subscriber:
    """An app of an empty tenant with every role, and an endpoint that answers well."""
    return Subscriber(Client(Tenant(TENANT), clock, post=endpoint), clock, endpoint)
