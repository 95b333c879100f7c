// The app on its plan, with its settings.

param name string
param planName string
param location string
param tags object
param identity string
param hostAccount string
param packageContainer string
param dataAccount string
param vault string
param insights string

@description('Network whose subnet is the app\'s; empty where it needs none.')
param network string

param webhooks bool
param updates bool
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyInstances int
param httpConcurrency int

@description('Settings that do not depend on resources here.')
param settings object

resource user 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identity }

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = { name: insights }

var storage = environment().suffixes.storage
var vaultUrl = 'https://${vault}${environment().suffixes.keyvaultDns}'

// Without a version, so that a rotated secret is taken up by itself.
var secrets = {
  NOTIFICATION_CLIENT_STATE: 'notification-client-state'
  NOTIFICATION_URL: 'notification-url'
  LIFECYCLE_URL: 'lifecycle-url'
}
var references = mapValues(
  secrets,
  secret => webhooks ? '@Microsoft.KeyVault(SecretUri=${vaultUrl}/secrets/${secret})' : ''
)

// All of them: what is not here is removed by a deployment. Flex Consumption refuses those that it has replaced by
// functionAppConfig (https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations).
var all = union(settings, references, {
  EXPORT_STORAGE__blobServiceUri: 'https://${dataAccount}.blob.${storage}'
  // No AzureWebJobsStorage without a suffix: it would win.
  AzureWebJobsStorage__blobServiceUri: 'https://${hostAccount}.blob.${storage}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostAccount}.queue.${storage}'
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: user.properties.clientId
  MANAGED_IDENTITY_CLIENT_ID: user.properties.clientId
  AZURE_AUTHORITY_HOST: environment().authentication.loginEndpoint
  // It names the resource; the key in it opens nothing, see monitoring.bicep.
  APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${user.properties.clientId}'
  'AzureWebJobs.update_security_resource.Disabled': updates ? 'false' : 'true'
})

// Queue functions that have scaled to zero took up to 2 minutes to wake (Azure/azure-functions-host#10706), and Graph
// waits 10 s for its validation request.
var alwaysReady = webhooks && alwaysReadyInstances > 0
  ? ['http', 'function:process_notifications', 'function:run_export_job']
  : []

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds by this tag where to deploy the service of azure.yaml.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${user.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: user.id
    // Nobody needs /admin with the master key: keys and functions are managed through ARM. Documented, but not in the
    // types: https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functionsruntimeadminisolationenabled
    #disable-next-line BCP037
    functionsRuntimeAdminIsolationEnabled: true
    virtualNetworkSubnetId: empty(network)
      ? null
      : resourceId('Microsoft.Network/virtualNetworks/subnets', network, 'app')
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostAccount}.blob.${storage}/${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: user.id }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: [for each in alwaysReady: { name: each, instanceCount: alwaysReadyInstances }]
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      appSettings: map(items(all), each => { name: each.key, value: each.value })
    }
  }

  // No passwords, neither for FTP nor for Kudu.
  resource ftp 'basicPublishingCredentialsPolicies' = { name: 'ftp', properties: { allow: false } }
  resource scm 'basicPublishingCredentialsPolicies' = { name: 'scm', properties: { allow: false } }
}

output id string = site.id
output url string = 'https://${site.properties.defaultHostName}'
