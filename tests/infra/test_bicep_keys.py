"""No key exists anywhere, and each role is as small as it can be."""

import re
from typing import Final

import pytest

from tests.infra.deployed import INFRA, SETS, deployed, snapshot, strings

STORAGE: Final = "Microsoft.Storage/storageAccounts"
ROLES: Final = "Microsoft.Authorization/roleAssignments"

SECRET: Final = re.compile(
    r"AccountKey=|SharedAccess|[?&]sig=|InstrumentationKey=|Password=|BEGIN [A-Z ]*PRIVATE KEY|\blist\w*\(",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", SETS)
def test_no_key_is_deployed(name: str) -> None:
    """Neither a key nor a connection string with one, nor a function that fetches one, in any value."""
    for each in deployed(name).resources:
        assert [path for path, value in strings(dict(each.whole)) if SECRET.search(value)] == [], each.id
    assert [path for path, value in strings(dict(deployed(name).outputs)) if SECRET.search(value)] == []


def test_no_template_asks_for_a_key() -> None:
    """``listKeys`` and its like appear in no file, not even where a snapshot does not lead."""
    assert [path.name for path in INFRA.rglob("*.bicep") if re.search(r"\blist[A-Z]\w*\(", path.read_text())] == []


@pytest.mark.parametrize("name", SETS)
def test_the_secret_shows_nowhere(name: str) -> None:
    """The clientState reaches the vault alone, as a secure parameter."""
    assert "not-a-secret" in snapshot(name).with_name(f"{name}.bicepparam").read_text()
    assert "not-a-secret" not in deployed(name).text


@pytest.mark.parametrize("name", SETS)
def test_storage_takes_entra_identities_alone(name: str) -> None:
    """Shared keys and public blobs are off, and nothing is sent in the clear, on both accounts."""
    accounts = deployed(name).of(STORAGE)
    assert len(accounts) == 2
    for account in accounts:
        wanted = {
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "allowCrossTenantReplication": False,
            "defaultToOAuthAuthentication": True,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
        }
        assert wanted.items() <= account.properties.items(), account.name
    containers = deployed(name).of(f"{STORAGE}/blobServices/containers")
    assert {each.properties["publicAccess"] for each in containers} == {"None"}


@pytest.mark.parametrize("name", SETS)
def test_the_app_has_no_passwords(name: str) -> None:
    """Basic publishing credentials are off, HTTP is HTTPS, and /admin is closed even to the master key."""
    site = deployed(name).site
    policies = deployed(name).of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert {each.name.rpartition("/")[2]: each.properties for each in policies} == {
        "ftp": {"allow": False},
        "scm": {"allow": False},
    }
    assert site.properties["httpsOnly"] is site.properties["functionsRuntimeAdminIsolationEnabled"] is True
    assert {site.properties["siteConfig"][key] for key in ("minTlsVersion", "scmMinTlsVersion")} == {"1.2"}


@pytest.mark.parametrize("name", SETS)
def test_logs_are_taken_from_entra_identities_alone(name: str) -> None:
    """The instrumentation key in the connection string opens nothing."""
    assert deployed(name).one("Microsoft.Insights/components").properties["DisableLocalAuth"] is True
    workspace = deployed(name).one("Microsoft.OperationalInsights/workspaces")
    assert workspace.properties["features"]["disableLocalAuth"] is True
    assert "Authorization=AAD" in deployed(name).settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


@pytest.mark.parametrize("name", SETS)
def test_there_is_one_identity(name: str) -> None:
    """The app is nobody but the user-assigned identity, also for its package, its storage and its references."""
    site, identity = deployed(name).site, deployed(name).one("Microsoft.ManagedIdentity/userAssignedIdentities")
    assert site.whole["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
    assert site.properties["keyVaultReferenceIdentity"] == identity.id
    assert site.properties["functionAppConfig"]["deployment"]["storage"]["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity.id,
    }
    settings = deployed(name).settings
    assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
    ids = {settings[key] for key in ("MANAGED_IDENTITY_CLIENT_ID", "AzureWebJobsStorage__clientId")}
    assert len(ids) == 1
    assert f"{identity.id}'" in ids.pop()


BLOB_OWNER: Final = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER: Final = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
QUEUE_CONTRIBUTOR: Final = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
SECRETS_USER: Final = "4633458b-17de-408a-b874-0445c86b69e6"
METRICS_PUBLISHER: Final = "3913510d-42f4-4e42-8a64-420c390055eb"


@pytest.mark.parametrize("name", SETS)
def test_each_role_is_the_expected_one(name: str) -> None:
    """These roles on these resources, for the app's identity, and no other; people read only if a group is given."""
    found = deployed(name)
    host, data = found.one(STORAGE, "sthost").id, found.one(STORAGE, "stdata").id
    app = f"[reference('{found.one('Microsoft.ManagedIdentity/userAssignedIdentities').id}', '2024-11-30').principalId]"
    expected = {
        (host, BLOB_OWNER, app, "ServicePrincipal"),
        (host, QUEUE_CONTRIBUTOR, app, "ServicePrincipal"),
        (f"{data}/blobServices/default/containers/security-export", BLOB_CONTRIBUTOR, app, "ServicePrincipal"),
        (f"{data}/blobServices/default/containers/security-export-state", BLOB_CONTRIBUTOR, app, "ServicePrincipal"),
        (f"{data}/blobServices/default/containers/security-views", BLOB_CONTRIBUTOR, app, "ServicePrincipal"),
        (found.one("Microsoft.KeyVault/vaults").id, SECRETS_USER, app, "ServicePrincipal"),
        (found.one("Microsoft.Insights/components").id, METRICS_PUBLISHER, app, "ServicePrincipal"),
    }
    if name == "everything":
        expected.add((data, BLOB_READER, "44444444-4444-4444-8444-444444444444", "Group"))
    given = [
        (
            role.scope,
            role.properties["roleDefinitionId"].rpartition("/")[2],
            role.properties["principalId"],
            role.properties["principalType"],
        )
        for role in found.of(ROLES)
    ]
    assert len(given) == len(set(given))
    assert set(given) == expected


def test_each_role_says_what_it_is_for() -> None:
    """Whoever looks at the roles in the portal need not guess."""
    roles = deployed("everything").of(ROLES)
    assert len({role.properties["description"] for role in roles}) == len(roles)
    assert all(len(role.properties["description"]) > 30 for role in roles)


@pytest.mark.parametrize("name", SETS)
def test_the_vault_knows_roles_only(name: str) -> None:
    """Access policies are off, and its secrets are those that the settings refer to."""
    vault = deployed(name).one("Microsoft.KeyVault/vaults")
    assert vault.properties["enableRbacAuthorization"] is True
    assert "accessPolicies" not in vault.properties
    assert {each.name.rpartition("/")[2] for each in deployed(name).of("Microsoft.KeyVault/vaults/secrets")} == {
        "notification-client-state",
        "notification-url",
        "lifecycle-url",
    }


def test_a_secret_is_not_overwritten() -> None:
    """A later deployment leaves rotated values and the URLs of the hook alone."""
    text = (INFRA / "modules" / "vault.bicep").read_text()
    secrets = re.findall(r"(@\w+\(\)\n)?resource \w+ 'Microsoft.KeyVault/vaults/secrets@", text)
    assert secrets == ["@onlyIfNotExists()\n"] * 2
