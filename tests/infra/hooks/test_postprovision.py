"""After the resources are made: roles are granted, and role assignments waited for."""

import pytest

from infra.hooks import postprovision
from tests.fakes.clock import FakeClock
from tests.infra.hooks.arm_standin import DATA_ACCOUNT, HOST_ACCOUNT, VAULT, assignment
from tests.infra.hooks.cloud import PRINCIPAL, Cloud
from tests.infra.hooks.conftest import Run, Told


class Provisioned:
    """The hook."""

    def __init__(self, cloud: Cloud, clock: FakeClock, run: Run) -> None:
        self._cloud = cloud
        self._clock = clock
        self._run = run

    def __call__(self) -> Told:
        return self._run(lambda: postprovision.main(self._cloud.env, self._clock))


@pytest.fixture
def provisioned(cloud: Cloud, clock: FakeClock, run: Run) -> Provisioned:
    """Runs the hook with the azd environment."""
    return Provisioned(cloud, clock, run)


def at(time: str) -> str:
    """A time of today as Resource Manager writes it."""
    return f"2026-11-23T{time}.1234567Z"


def test_roles_are_granted_before_anything_is_waited_for(cloud: Cloud, provisioned: Provisioned) -> None:
    """A token fetched before a role is granted may be kept for a day."""
    told = provisioned()
    assert told.code == 0
    assert cloud.graph.directory.granted(PRINCIPAL) == {"SecurityAlert.Read.All", "SecurityEvents.Read.All"}


def test_the_environment_decides(cloud: Cloud, provisioned: Provisioned) -> None:
    """Sources, updates and legacy subscriptions as Bicep resolved them."""
    cloud.env |= {"SOURCES": "incidents", "UPDATES_ON": "True"}
    cloud.env["SUBSCRIPTIONS"] = '[{"resource": "security/alerts?$filter=x", "changeType": "updated"}]'
    assert provisioned().code == 0
    assert cloud.graph.directory.granted(PRINCIPAL) == {
        "SecurityIncident.ReadWrite.All",
        "SecurityEvents.ReadWrite.All",
    }


def test_without_webhooks_nothing_is_granted_for_them(cloud: Cloud, provisioned: Provisioned) -> None:
    """What would be subscribed to does not matter then."""
    cloud.env["WEBHOOKS_ON"] = "false"
    cloud.env["SUBSCRIPTIONS"] = '[{"resource": "security/alerts?$filter=x", "changeType": "updated"}]'
    provisioned()
    assert "SecurityEvents.Read.All" in cloud.graph.directory.granted(PRINCIPAL)


@pytest.mark.parametrize("scope", [HOST_ACCOUNT, DATA_ACCOUNT, VAULT])
def test_a_new_assignment_is_waited_for(cloud: Cloud, clock: FakeClock, provisioned: Provisioned, scope: str) -> None:
    """The newest one decides: two minutes from when it was made, and why is said."""
    cloud.arm.page_size = 1
    cloud.arm.role_assignments = {
        scope: [assignment(PRINCIPAL, scope, at("09:00:00")), assignment(PRINCIPAL, scope, at("11:59:30"))]
    }
    told = provisioned()
    assert 90 <= clock.monotonic() <= 91
    assert "Waiting 90 s until they have spread" in told.text
    assert "403" in told.text


def test_a_second_run_does_not_wait(cloud: Cloud, clock: FakeClock, provisioned: Provisioned) -> None:
    """What is old has spread."""
    cloud.arm.role_assignments = {HOST_ACCOUNT: [assignment(PRINCIPAL, HOST_ACCOUNT, at("11:58:00"))]}
    told = provisioned()
    assert clock.monotonic() < 1
    clock.advance(5)
    told = provisioned()
    assert clock.monotonic() < 6
    assert "no need to wait" in told.text


def test_somebody_elses_new_assignment_is_not_waited_for(
    cloud: Cloud, clock: FakeClock, provisioned: Provisioned
) -> None:
    """Only the identity's count."""
    cloud.arm.role_assignments = {HOST_ACCOUNT: [assignment("somebody-else", HOST_ACCOUNT, at("11:59:59"))]}
    provisioned()
    assert clock.monotonic() == 0


def test_a_clock_that_is_behind_waits_no_longer(cloud: Cloud, clock: FakeClock, provisioned: Provisioned) -> None:
    """Two minutes at most, whatever this machine thinks of Azure's time."""
    cloud.arm.role_assignments = {HOST_ACCOUNT: [assignment(PRINCIPAL, HOST_ACCOUNT, at("15:00:00"))]}
    provisioned()
    assert clock.monotonic() == 120


def test_assignments_that_may_not_be_read_are_taken_for_new(
    cloud: Cloud, clock: FakeClock, provisioned: Provisioned
) -> None:
    """Waiting is safe; failing would be no help."""
    cloud.arm.allowed = False
    told = provisioned()
    assert told.code == 0
    assert clock.monotonic() == 120
    assert "AuthorizationFailed" in told.text


def test_what_could_not_be_granted_is_no_failure(cloud: Cloud, provisioned: Provisioned) -> None:
    """Who can, and how, is said; the deployment goes on."""
    cloud.sign_in_reader()
    told = provisioned()
    assert told.code == 0
    assert "Privileged Role Administrator" in told.text
    assert "az rest --method post" in told.text
    assert "The deployment goes on." in told.text


def test_a_graph_that_is_down_is_no_failure(cloud: Cloud, provisioned: Provisioned) -> None:
    """The resources are there, and can be deployed to."""
    cloud.graph.directory.trouble.outage = 503
    told = provisioned()
    assert told.code == 0
    assert "not granted: it failed" in told.text


def test_what_is_granted_elsewhere_is_told(cloud: Cloud, provisioned: Provisioned) -> None:
    """Other tenants by their administrators; and what other resources need is not known here."""
    cloud.env["MULTITENANT_CLIENT_ID"] = "33333333-2222-4333-8444-555555555555"
    cloud.env["SUBSCRIPTIONS"] = '[{"resource": "identityProtection/riskyUsers", "changeType": "updated"}]'
    told = provisioned()
    assert "reached as the app 33333333-2222-4333-8444-555555555555" in told.text
    assert "Subscribing to identityProtection/riskyUsers may need a permission of its own" in told.text


def test_outputs_that_are_missing_are_all_named(cloud: Cloud, provisioned: Provisioned) -> None:
    """Before azd provision there is nothing to grant to."""
    del cloud.env["IDENTITY_PRINCIPAL_ID"], cloud.env["HOST_ACCOUNT_ID"]
    told = provisioned()
    assert told.code == 1
    assert "lacks IDENTITY_PRINCIPAL_ID, HOST_ACCOUNT_ID." in told.text
