// The private way from the app to its storage and vault. The app's own HTTP stays public: Graph must reach the webhooks.

param name string
param location string
param tags object
param hostAccount string
param dataAccount string
param vault string

var storageSuffix = environment().suffixes.storage
// '.vault.azure.net' has the zone 'privatelink.vaultcore.azure.net', and likewise in the other clouds.
var vaultZone = 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
var zoneNames = ['privatelink.blob.${storageSuffix}', 'privatelink.queue.${storageSuffix}', vaultZone]

var hostId = resourceId('Microsoft.Storage/storageAccounts', hostAccount)
var dataId = resourceId('Microsoft.Storage/storageAccounts', dataAccount)
var vaultId = resourceId('Microsoft.KeyVault/vaults', vault)

// No table: the host only puts diagnostic events there (see roles.bicep).
var endpoints = [
  { name: 'host-blob', target: hostId, group: 'blob', zone: 0 }
  { name: 'host-queue', target: hostId, group: 'queue', zone: 1 }
  { name: 'data-blob', target: dataId, group: 'blob', zone: 0 }
  { name: 'vault', target: vaultId, group: 'vault', zone: 2 }
]

resource vnet 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/23'] }
    // In here and not as resources of their own: older versions of the API take a network without any for one that is to
    // lose its subnets (https://github.com/Azure/bicep/issues/4653), and fail.
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.0.0.0/24'
          // What Flex Consumption asks for; the subscription must know the provider Microsoft.App.
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: '10.0.1.0/24', defaultOutboundAccess: false }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zoneNames: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zoneNames: {
    parent: zones[i]
    name: name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: vnet.id } }
  }
]

resource connections 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: 'pep-${endpoint.name}-${name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: '${vnet.id}/subnets/endpoints' }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.group] }
        }
      ]
    }
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, i) in endpoints: {
    parent: connections[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: endpoint.group, properties: { privateDnsZoneId: zones[endpoint.zone].id } }]
    }
  }
]
