"""What a parameter switches is there when it is on, and absent when it is off."""

from typing import Any, Final

import pytest

from tests.infra.deployed import SETS, deployed

STORAGE: Final = "Microsoft.Storage/storageAccounts"
NETWORK: Final = "Microsoft.Network"


# The sets of parameters in which each is on.
EVIDENCE: Final = ("evidence", "everything")
PRIVATE: Final = ("private", "everything")
WEBHOOKS: Final = ("defaults", "everything", "evidence")
LOCK: Final = ("defaults", "everything", "evidence")


@pytest.mark.parametrize("name", SETS)
def test_evidence_holds_what_was_exported_and_nothing_else(name: str) -> None:
    """The export container can hold versions from its making on; the others are overwritten all the time."""
    containers = deployed(name).of(f"{STORAGE}/blobServices/containers")
    immutable = [each.name for each in containers if each.properties["immutableStorageWithVersioning"]]
    data = deployed(name).one(STORAGE, "stdata").name
    assert immutable == ([f"{data}/default/security-export"] if name in EVIDENCE else [])


@pytest.mark.parametrize(("name", "days"), [("evidence", 365), ("everything", 2555)])
def test_evidence_sets_a_policy_that_is_not_locked(name: str, days: int) -> None:
    """Locking is nothing that a template does: it can't be undone."""
    policy = deployed(name).one(f"{STORAGE}/blobServices/containers/immutabilityPolicies")
    assert policy.name.endswith("/default/security-export/default")
    assert policy.properties == {"immutabilityPeriodSinceCreationInDays": days}


@pytest.mark.parametrize("name", SETS)
def test_evidence_logs_writes_and_deletions_and_keeps_the_vault(name: str) -> None:
    """All of it is off where evidence is not asked for: it costs, and blocks names after a removal."""
    found = deployed(name)
    assert found.one("Microsoft.KeyVault/vaults").properties["enablePurgeProtection"] is (
        True if name in EVIDENCE else None
    )
    if name not in EVIDENCE:
        assert found.of(f"{STORAGE}/blobServices/containers/immutabilityPolicies") == []
        assert found.of("Microsoft.Insights/diagnosticSettings") == []
        return
    logs = found.one("Microsoft.Insights/diagnosticSettings")
    assert logs.scope == f"{found.one(STORAGE, 'stdata').id}/blobServices/default"
    assert logs.properties["workspaceId"] == found.one("Microsoft.OperationalInsights/workspaces").id
    assert {each["category"]: each["enabled"] for each in logs.properties["logs"]} == {
        "StorageWrite": True,
        "StorageDelete": True,
    }


@pytest.mark.parametrize("name", SETS)
def test_the_lock_is_on_the_data_alone(name: str) -> None:
    """The rest of the deployment can be removed; the data goes only after somebody took the lock away."""
    locks = deployed(name).of("Microsoft.Authorization/locks")
    found = [(lock.scope, lock.properties["level"]) for lock in locks]
    assert found == ([(deployed(name).one(STORAGE, "stdata").id, "CanNotDelete")] if name in LOCK else [])


@pytest.mark.parametrize("name", SETS)
def test_a_private_network_closes_storage_and_vault(name: str) -> None:
    """Both accounts and the vault are reached over private endpoints alone, or else need an identity with a role."""
    found = deployed(name)
    doors = [*found.of(STORAGE), found.one("Microsoft.KeyVault/vaults")]
    assert len(doors) == 3
    for door in doors:
        assert door.properties["publicNetworkAccess"] == ("Disabled" if name in PRIVATE else "Enabled")
        assert door.properties["networkAcls"] == {
            "bypass": "None",
            "defaultAction": "Deny" if name in PRIVATE else "Allow",
        }


@pytest.mark.parametrize("name", SETS)
def test_the_webhooks_stay_public(name: str) -> None:
    """Graph must reach them, whatever is private."""
    assert deployed(name).site.properties["publicNetworkAccess"] == "Enabled"
    assert [each.name for each in deployed(name).of(f"{NETWORK}/privateEndpoints") if "func" in str(each.whole)] == []


@pytest.mark.parametrize("name", SETS)
def test_without_a_private_network_there_is_none(name: str) -> None:
    """No network is paid for that nobody asked for, and the app goes through the one that there is."""
    subnet = deployed(name).site.properties["virtualNetworkSubnetId"]
    if name in PRIVATE:
        assert subnet == f"{deployed(name).one(f'{NETWORK}/virtualNetworks').id}/subnets/app"
    else:
        assert subnet is None
        assert [each.name for each in deployed(name).resources if each.type.startswith(f"{NETWORK}/")] == []


@pytest.mark.parametrize("name", PRIVATE)
def test_every_closed_door_has_an_endpoint_and_a_name(name: str) -> None:
    """Each service that the app uses has an endpoint in the network, and a name in a DNS zone linked to it."""
    found = deployed(name)
    [network] = found.of(f"{NETWORK}/virtualNetworks")
    host, data = found.one(STORAGE, "sthost").id, found.one(STORAGE, "stdata").id
    reached = {}
    for endpoint in found.of(f"{NETWORK}/privateEndpoints"):
        assert endpoint.properties["subnet"]["id"] == f"{network.id}/subnets/endpoints"
        [connection] = endpoint.properties["privateLinkServiceConnections"]
        [group] = connection["properties"]["groupIds"]
        records = found.one(f"{NETWORK}/privateEndpoints/privateDnsZoneGroups", endpoint.name)
        [zone] = records.properties["privateDnsZoneConfigs"]
        reached[connection["properties"]["privateLinkServiceId"], group] = zone["properties"]["privateDnsZoneId"]
    vault = found.one("Microsoft.KeyVault/vaults").id
    assert reached.keys() == {(host, "blob"), (host, "queue"), (data, "blob"), (vault, "vault")}
    for (_, group), zone_id in reached.items():
        assert ("privatelink{0}" if group == "vault" else f"privatelink.{group}.") in zone_id
    linked = found.of(f"{NETWORK}/privateDnsZones/virtualNetworkLinks")
    assert [link.properties["virtualNetwork"]["id"] for link in linked] == [network.id] * 3
    assert len(found.of(f"{NETWORK}/privateDnsZones")) == 3


def test_the_apps_subnet_is_given_to_flex_consumption() -> None:
    """Delegated as the plan asks for, apart from the endpoints, and without an underscore in its name."""
    [network] = deployed("private").of(f"{NETWORK}/virtualNetworks")
    subnets = {each["name"]: each["properties"] for each in network.properties["subnets"]}
    assert deployed("private").site.properties["virtualNetworkSubnetId"] == f"{network.id}/subnets/app"
    [delegation] = subnets["app"]["delegations"]
    assert delegation["properties"]["serviceName"] == "Microsoft.App/environments"
    assert "delegations" not in subnets["endpoints"]
    assert not any("_" in name for name in subnets)
    assert len({subnet["addressPrefix"] for subnet in subnets.values()}) == 2


def scale(name: str) -> dict[str, Any]:
    """How the app scales."""
    found: dict[str, Any] = deployed(name).site.properties["functionAppConfig"]["scaleAndConcurrency"]
    return found


@pytest.mark.parametrize(("name", "instances"), [("defaults", 1), ("everything", 2), ("private", 0), ("evidence", 0)])
def test_what_a_notification_goes_through_is_always_ready(name: str, instances: int) -> None:
    """Only where webhooks are on and instances are asked for; they cost by the hour."""
    groups = ("http", "function:process_notifications", "function:run_export_job")
    ready = [{"name": each, "instanceCount": instances} for each in groups]
    assert scale(name)["alwaysReady"] == (ready if instances else [])


def test_the_size_is_the_chosen_one() -> None:
    """Memory, instances, HTTP requests at once and threads."""
    for name, memory, most, http, threads in (("defaults", 2048, 40, 16, "16"), ("everything", 4096, 100, 32, "32")):
        found = scale(name)
        assert (found["instanceMemoryMB"], found["maximumInstanceCount"]) == (memory, most)
        assert found["triggers"] == {"http": {"perInstanceConcurrency": http}}
        assert deployed(name).settings["PYTHON_THREADPOOL_THREAD_COUNT"] == threads


@pytest.mark.parametrize("name", SETS)
def test_without_webhooks_nothing_is_subscribed_to(name: str) -> None:
    """The settings that switch them on are references to the vault, or empty."""
    vault = deployed(name).one("Microsoft.KeyVault/vaults").name
    suffix = "environment().suffixes.keyvaultDns"
    for setting, secret in {
        "NOTIFICATION_CLIENT_STATE": "notification-client-state",
        "NOTIFICATION_URL": "notification-url",
        "LIFECYCLE_URL": "lifecycle-url",
    }.items():
        url = f"format('https://{{0}}{{1}}', '{vault}', {suffix})"
        reference = f"[format('@Microsoft.KeyVault(SecretUri={{0}}/secrets/{{1}})', {url}, '{secret}')]"
        assert deployed(name).settings[setting] == (reference if name in WEBHOOKS else "")


def test_secrets_begin_as_absent() -> None:
    """Until the hook has written the URLs, the app takes them for references that did not resolve."""
    for name in ("notification-url", "lifecycle-url"):
        vault = deployed("defaults").one("Microsoft.KeyVault/vaults").name
        secret = deployed("defaults").one("Microsoft.KeyVault/vaults/secrets", f"{vault}/{name}")
        assert secret.properties["value"].startswith("@Microsoft.KeyVault(pending: ")


@pytest.mark.parametrize("name", SETS)
def test_writing_to_graph_is_off_unless_asked_for(name: str) -> None:
    """The function that needs ReadWrite permissions is switched off."""
    switch = deployed(name).settings["AzureWebJobs.update_security_resource.Disabled"]
    assert switch == ("false" if name == "everything" else "true")


# What is kept, and for how long


@pytest.mark.parametrize("name", SETS)
def test_what_is_overwritten_or_deleted_is_kept(name: str) -> None:
    """The account of the data keeps versions, and what was deleted; a hierarchical namespace would exclude that."""
    account = deployed(name).one(STORAGE, "stdata")
    blobs = deployed(name).one(f"{STORAGE}/blobServices", account.name)
    assert blobs.properties == {
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": 7},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": 30},
    }
    assert "isHnsEnabled" not in account.properties


def rules(name: str) -> dict[str, dict[str, Any]]:
    """The lifecycle rules."""
    policy = deployed(name).one(f"{STORAGE}/managementPolicies")
    assert policy.name.startswith(deployed(name).one(STORAGE, "stdata").name)
    return {rule["name"]: rule["definition"] for rule in policy.properties["policy"]["rules"]}


LISTED: Final = ("checkpoints/alerts_v2/t.json", "marks/alerts_v2/t.json", "subscriptions/t.json", "notified/t.json")


def versions_deleted(name: str, blob: str) -> bool:
    """Whether old versions of a blob, told with its container, are deleted."""
    return any(
        blob.startswith(prefix)
        for definition in rules(name).values()
        if definition["actions"].get("version")
        for prefix in definition["filters"]["prefixMatch"]
    )


@pytest.mark.parametrize("name", SETS)
def test_old_versions_of_what_is_rewritten_go(name: str) -> None:
    """A checkpoint is written 288 times a day; after 7 days its versions are of no use."""
    assert all(versions_deleted(name, f"security-export-state/{blob}") for blob in LISTED)
    assert versions_deleted(name, "security-views/reports/tenant=t/latest.html")
    assert rules(name)["deleteOldVersions"]["actions"] == {"version": {"delete": {"daysAfterCreationGreaterThan": 7}}}


@pytest.mark.parametrize("name", SETS)
def test_versions_of_evidence_stay(name: str) -> None:
    """Nothing rewrites exported blobs, manifests and audit: a version of one tells of somebody who did."""
    for blob in ("security-export/alerts_v2/t", "security-export-state/manifests/x", "security-export-state/audit/x"):
        assert not versions_deleted(name, blob)


@pytest.mark.parametrize("name", SETS)
def test_nothing_that_is_current_is_deleted(name: str) -> None:
    """The history is kept for ever."""
    assert [rule for rule, each in rules(name).items() if "delete" in each["actions"].get("baseBlob", {})] == []


@pytest.mark.parametrize(("name", "days"), [("defaults", 90), ("everything", 30), ("evidence", 90), ("private", 0)])
def test_exported_blobs_grow_cool(name: str, days: int) -> None:
    """They alone, since the rest is read all the time; without the slash the prefix would mean more."""
    if not days:
        assert rules(name).keys() == {"deleteOldVersions"}
        return
    assert rules(name)["coolExportedData"] == {
        "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["security-export/"]},
        "actions": {"baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": days}}},
    }


def test_the_data_is_as_redundant_as_chosen() -> None:
    """Zones by default; the host's account holds no only copy of anything."""
    for name, redundancy in (("defaults", "Standard_ZRS"), ("everything", "Standard_GZRS")):
        assert deployed(name).one(STORAGE, "stdata").whole["sku"] == {"name": redundancy}
        assert deployed(name).one(STORAGE, "sthost").whole["sku"] == {"name": "Standard_LRS"}


def test_logs_are_kept_as_long_as_chosen() -> None:
    """In the workspace, for all tables alike."""
    kept = [
        deployed(name).one("Microsoft.OperationalInsights/workspaces").properties["retentionInDays"]
        for name in ("defaults", "everything")
    ]
    assert kept == [90, 365]
