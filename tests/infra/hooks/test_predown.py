"""Before anything is deleted: what protects the exported data is said, and stops the deletion."""

import pytest

from infra.hooks import predown
from tests.fakes.clock import FakeClock
from tests.infra.hooks.arm_standin import DATA_ACCOUNT, SITE, lock
from tests.infra.hooks.cloud import Cloud
from tests.infra.hooks.conftest import Run, Told


class Down:
    """The hook."""

    def __init__(self, cloud: Cloud, clock: FakeClock, run: Run) -> None:
        self._cloud = cloud
        self._clock = clock
        self._run = run

    def __call__(self) -> Told:
        return self._run(lambda: predown.main(self._cloud.env, self._clock))


@pytest.fixture
def down(cloud: Cloud, clock: FakeClock, run: Run) -> Down:
    """Runs the hook with the azd environment."""
    return Down(cloud, clock, run)


def test_without_protection_it_goes_on(down: Down) -> None:
    """And says that the data goes, too."""
    told = down()
    assert told.code == 0
    assert "No lock and no retention protects the exported data in stdatademo" in told.text


def test_a_lock_stops_it(cloud: Cloud, down: Down) -> None:
    """What it protects, how to keep it, and how to remove it; the hook itself changes nothing."""
    cloud.arm.locks = [lock("keep-the-data", "CanNotDelete", "Graph itself forgets it.")]
    told = down()
    assert told.code == 1
    assert "The lock 'keep-the-data' (CanNotDelete) protects stdatademo: Graph itself forgets it." in told.text
    assert f"az functionapp delete --ids {SITE}" in told.text
    assert f"az lock delete --ids {DATA_ACCOUNT}/providers/Microsoft.Authorization/locks/keep-the-data" in told.text
    assert told.text.endswith("azd down\n")
    assert "immutable" not in told.text
    assert cloud.arm.writes() == []


def test_all_locks_are_named(cloud: Cloud, down: Down) -> None:
    """Those of the resource group and of the subscription hold as well, and Resource Manager may page."""
    cloud.arm.page_size = 1
    cloud.arm.locks = [lock("one", "CanNotDelete"), lock("two", "ReadOnly")]
    told = down()
    assert "'one' (CanNotDelete)" in told.text
    assert "'two' (ReadOnly)" in told.text
    assert told.text.count("az lock delete --ids") == 2


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({"immutableStorageWithVersioning": {"enabled": True}}, "a blob can't be deleted, nor the"),
        (
            {
                "immutableStorageWithVersioning": {"enabled": True},
                "hasImmutabilityPolicy": True,
                "immutabilityPolicy": {
                    "properties": {"immutabilityPeriodSinceCreationInDays": 365, "state": "Unlocked"}
                },
            },
            "a blob can't be deleted for 365 days from its creation, nor the",
        ),
        ({"hasImmutabilityPolicy": True}, "a blob can't be deleted, nor the"),
        ({"hasLegalHold": True, "immutableStorageWithVersioning": None}, "a blob can't be deleted, nor the"),
    ],
)
def test_immutability_stops_it(cloud: Cloud, down: Down, container: dict[str, object], words: str) -> None:
    """Without a lock, too: azd would remove the app, and then fail at the data."""
    cloud.arm.container = container
    told = down()
    assert told.code == 1
    assert words in told.text
    assert "az group delete --name rg-demo" in told.text
    assert "az lock delete" not in told.text
    assert "is locked" not in told.text


def test_a_lock_on_what_is_immutable_is_no_way_to_azd(cloud: Cloud, down: Down) -> None:
    """Without the lock, retention would still stop azd: the group is deleted by az, which leaves what must stay."""
    cloud.arm.container = {"immutableStorageWithVersioning": {"enabled": True}}
    cloud.arm.locks = [lock("keep-the-data", "CanNotDelete")]
    told = down()
    assert told.code == 1
    assert told.text.index("az lock delete --ids") < told.text.index("az group delete --name rg-demo")
    assert "  azd down" not in told.text


def test_a_locked_policy_is_said(cloud: Cloud, down: Down) -> None:
    """Nobody can undo that one."""
    policy = {"properties": {"immutabilityPeriodSinceCreationInDays": 7, "state": "Locked"}}
    cloud.arm.container = {"hasImmutabilityPolicy": True, "immutabilityPolicy": policy}
    assert "The policy is locked: nobody can shorten that." in down().text


def test_a_container_that_is_gone_protects_nothing(cloud: Cloud, down: Down) -> None:
    """Somebody deleted it before."""
    cloud.arm.container = None
    assert down().code == 0


def test_an_account_that_is_gone_is_no_reason_to_stop(cloud: Cloud, down: Down) -> None:
    """A second azd down goes on where the first one stopped."""
    cloud.arm.data_account_is_there = False
    cloud.arm.locks = [lock("of-the-group", "CanNotDelete")]
    told = down()
    assert told.code == 0
    assert "not there any more" in told.text


def test_nothing_made_is_nothing_to_protect(cloud: Cloud, down: Down) -> None:
    """Nobody is asked."""
    del cloud.env["DATA_ACCOUNT_ID"]
    assert down().code == 0
    assert cloud.arm.asked == []


def test_what_cannot_be_known_stops_it(cloud: Cloud, down: Down) -> None:
    """Rather than delete what a lock may protect."""
    cloud.arm.allowed = False
    told = down()
    assert told.code == 1
    assert "AuthorizationFailed" in told.text
