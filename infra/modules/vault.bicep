// Keeps the three secrets of the webhooks. None of them opens Graph or storage.

param name string
param location string
param tags object

@description('Whether it is reached over a private endpoint alone.')
param closed bool

param evidence bool

@secure()
param clientState string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    // Fixed once the vault is made.
    softDeleteRetentionInDays: 90
    // Vaults refuse an explicit false; and once on, it stays.
    enablePurgeProtection: evidence ? true : null
    // Templates write secrets even into a closed vault: https://github.com/MicrosoftDocs/azure-docs/issues/68668.
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: closed ? 'Deny' : 'Allow' }
  }
}

// A later deployment must not overwrite what was rotated since, or what the postdeploy hook wrote: onlyIfNotExists.

@onlyIfNotExists()
resource clientStateSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'notification-client-state'
  tags: tags
  properties: {
    value: clientState
    contentType: 'what Graph sends along with each notification; commas between several, the first for new subscriptions'
  }
}

@onlyIfNotExists()
resource urls 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = [
  for each in ['notification-url', 'lifecycle-url']: {
    parent: vault
    name: each
    tags: tags
    properties: {
      // It begins as a reference that did not resolve, which the app counts as absent: there is no key before there
      // is code.
      value: '@Microsoft.KeyVault(pending: the postdeploy hook writes it)'
      contentType: 'public URL of the function, with its key'
    }
  }
]

output id string = vault.id
