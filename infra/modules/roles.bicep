// Everything that the app's identity may do in Azure (Graph's permissions are given by the postprovision hook), and
// what people may. Each role is on one resource.
// No table role: the host would only put diagnostic events there, and does without.

param identity string
param hostAccount string
param dataAccount string
param dataContainers string[]
param vault string
param insights string
param readersGroupId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identity }

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: hostAccount }

resource data 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataAccount

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = [for each in dataContainers: { name: each }]
  }
}

resource secrets 'Microsoft.KeyVault/vaults@2024-11-01' existing = { name: vault }

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = { name: insights }

resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host
  name: guid(host.id, app.id, blobDataOwner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'The Functions host keeps its package, function keys, timers and leases there; Owner is what it asks for.'
  }
}

resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host
  name: guid(host.id, app.id, queueDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataContributor)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'The host and the app read and write export-jobs, graph-notifications and their poison queues.'
  }
}

resource exported 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (each, i) in dataContainers: {
    scope: data::blobs::container[i]
    name: guid(data::blobs::container[i].id, app.id, blobDataContributor)
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
      principalId: app.properties.principalId
      principalType: 'ServicePrincipal'
      description: 'The app writes ${each}, and reads it again after a crash.'
    }
  }
]

resource references 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: secrets
  name: guid(secrets.id, app.id, keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'App settings refer to the secrets of the webhooks.'
  }
}

resource logs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: telemetry
  name: guid(telemetry.id, app.id, monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: app.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'Logs are taken from Entra identities alone.'
  }
}

resource readers 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(readersGroupId)) {
  scope: data
  name: guid(data.id, readersGroupId, blobDataReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataReader)
    principalId: readersGroupId
    principalType: 'Group'
    description: 'People who read the exported data; no key opens it.'
  }
}
