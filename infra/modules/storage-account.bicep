// A storage account that no key opens, with its containers and queues.
// The app makes none of them itself: its roles reach no further than what is there.

param name string
param location string
param tags object
param redundancy string

@description('Whether it is reached over private endpoints alone.')
param closed bool

@description('Whether overwritten and deleted blobs are kept. It excludes a hierarchical namespace.')
param versioned bool = false

param containers string[]

@description('Those of the containers whose blobs may be held under a policy. That is fixed when one is made; later it takes a migration.')
param immutableContainers string[] = []

param queues string[] = []

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: closed ? 'Deny' : 'Allow' }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: versioned
    ? {
        isVersioningEnabled: true
        // What is deleted becomes a previous version; these days are for versions that are deleted themselves,
        // and they add to the days after which the lifecycle rules do that.
        deleteRetentionPolicy: { enabled: true, days: 7 }
        // Versions go with their container; only this brings them back.
        containerDeleteRetentionPolicy: { enabled: true, days: 30 }
      }
    : {}

  resource container 'containers' = [
    for each in containers: {
      name: each
      properties: {
        publicAccess: 'None'
        immutableStorageWithVersioning: contains(immutableContainers, each) ? { enabled: true } : null
      }
    }
  ]
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = if (!empty(queues)) {
  parent: account
  name: 'default'

  resource queue 'queues' = [for each in queues: { name: each }]
}

output id string = account.id
output blobEndpoint string = 'https://${account.name}.blob.${environment().suffixes.storage}'
