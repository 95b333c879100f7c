// The whole deployment: a resource group, and in it what the app runs on, keeps its data in, and is watched by.
// No key opens anything here: one identity, with a role on each thing that it needs (modules/roles.bicep).
targetScope = 'subscription'

@description('Name of the azd environment; the resource group and all names are made from it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region of all resources. Flex Consumption must be offered there.')
@minLength(1)
@maxLength(40)
param location string

// What is exported, and from where: each is the app setting of the same name in capitals.

@description('Home tenant, a GUID. Empty: the tenant of the subscription.')
@maxLength(36)
param tenantId string = ''

@description('Tenants to export: GUIDs with commas between them, or blob:<name>. Empty: the home tenant.')
@maxLength(4000)
param tenants string = ''

@description('Client id of the multi-tenant app through which other tenants are reached. Empty: none.')
@maxLength(36)
param multitenantClientId string = ''

@description('Graph, without a slash at the end. Empty: that of the cloud deployed to.')
@maxLength(200)
param graphBaseUrl string = ''

@description('Requests to Graph per minute, tenant and process.')
@minValue(1)
@maxValue(60000)
param graphRequestsPerMinute int = 150

@description('What is exported incrementally: some of alerts_v2, incidents, alerts, with commas between them.')
@minLength(6)
@maxLength(40)
param exportSources string = 'alerts_v2'

@description('Days before today at which the first run begins.')
@minValue(1)
@maxValue(365)
param exportLookbackDays int = 30

@description('Minutes that every run reads again, for records that arrive late.')
@minValue(1)
@maxValue(1440)
param exportOverlapMinutes int = 60

@description('Days read at once while catching up.')
@minValue(1)
@maxValue(16)
param exportConcurrency int = 4

@description('Seconds between the beginnings of scans that notifications ask for.')
@minValue(1)
@maxValue(3600)
param bellIntervalSeconds int = 15

@description('Days that the daily comparison reaches back.')
@minValue(1)
@maxValue(30)
param reconcileDays int = 3

@description('Seconds after which a job stops cleanly and goes on later; host.json ends an invocation after 600.')
@minValue(1)
@maxValue(540)
param runBudgetSeconds int = 480

@description('Schedule of exports: NCRONTAB in UTC, as the others. If it is slower, raise alarmLagMinutes.')
@minLength(9)
@maxLength(100)
param alertsSchedule string = '0 */5 * * * *'

@description('Schedule of secure scores and control profiles.')
@minLength(9)
@maxLength(100)
param secureScoresSchedule string = '0 30 6 * * *'

@description('Schedule of looking after subscriptions.')
@minLength(9)
@maxLength(100)
param subscriptionsSchedule string = '0 17 * * * *'

@description('Schedule of the report.')
@minLength(9)
@maxLength(100)
param reportSchedule string = '0 0 7 * * *'

@description('Schedule of the daily comparison with Graph.')
@minLength(9)
@maxLength(100)
param reconcileSchedule string = '0 45 3 * * *'

@description('Schedule of the latest view. Its alarm takes three failures within six hours, so it is silent where this is slower than every two.')
@minLength(9)
@maxLength(100)
param latestSchedule string = '0 20 * * * *'

@description('What to be notified of. An array, since azd can put quotes of a string into no parameter file.')
@maxLength(100)
param subscriptions { resource: string, changeType: string }[] = [
  { resource: 'security/alerts_v2', changeType: 'created,updated' }
]

@description('Whether Graph is asked to notify: subscriptions, and instances that are always ready for them.')
param webhooks bool = true

@description('Whether the functions that write to Graph are switched on; they need ReadWrite permissions.')
param updates bool = false

// How it is kept.

@description('Whether the exported data is held as evidence: immutable, its vault not purgeable, every write logged. Only from the first deployment on.')
param evidence bool = false

@description('Days for which an exported blob can be neither changed nor deleted, where evidence is on. 0 leaves the policy as it is: a locked one cannot be deployed again.')
@minValue(0)
@maxValue(146000)
param evidenceDays int = 365

@description('Whether a lock guards the account of the exported data against deletion.')
param deleteLock bool = true

@description('Redundancy of the exported data. Not every region has zones; there choose Standard_LRS or Standard_GRS.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string = 'Standard_ZRS'

@description('Days after which exported blobs move to the cool tier; 0 = never.')
@minValue(0)
@maxValue(36500)
param coolAfterDays int = 90

@description('Object id of an Entra group that may read the exported data; no key could open it. Empty: none.')
@maxLength(36)
param readersGroupId string = ''

@description('Whether storage and vault are reached over a private network alone. The webhooks stay public: Graph must reach them.')
param privateNetwork bool = false

@description('Secret that Graph sends along with each notification. Kept as it is once it is in the vault.')
@secure()
@minLength(16)
@maxLength(128)
param notificationClientState string = '${newGuid()}${newGuid()}'

// How it runs.

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances that each group of functions may scale out to.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are always ready, for each of the groups that a notification goes through, where webhooks are on. Without them a notification may take minutes.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 1

@description('HTTP requests that one instance takes at once; the platform\'s default for Python is 1.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('Threads of a Python worker; its default is about 5, and messages would wait for one.')
@minValue(1)
@maxValue(32)
param threads int = 16

// How it is watched.

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Address that alarms are mailed to. Empty: none; add receivers to the action group.')
@maxLength(254)
param alarmEmail string = ''

@description('Minutes that an export may be behind or silent before an alarm rings; more than between two runs.')
@minValue(10)
@maxValue(300)
param alarmLagMinutes int = 30

@description('Percentage points that the secure score may drop in a day before an alarm rings.')
@minValue(1)
@maxValue(100)
param alarmScoreDropPercent int = 5

// Known from the start, so that a preview (what-if, bicep snapshot) shows them in full.
var token = uniqueString(subscription().id, environmentName, location)
var names = {
  identity: 'id-${token}'
  workspace: 'log-${token}'
  insights: 'appi-${token}'
  hostAccount: 'sthost${token}'
  dataAccount: 'stdata${token}'
  vault: 'kv-${token}'
  network: 'vnet-${token}'
  plan: 'plan-${token}'
  app: 'func-${token}'
}
var containers = { export: 'security-export', state: 'security-export-state', views: 'security-views' }
var packageContainer = 'app-package'
var tags = { 'azd-env-name': environmentName, application: 'graph-security-export' }

var homeTenant = empty(tenantId) ? subscription().tenantId : tenantId
// https://learn.microsoft.com/graph/deployments; the name of the cloud does not tell DoD from GCC High.
var graphByCloud = {
  AzureCloud: 'https://graph.microsoft.com'
  AzureUSGovernment: 'https://graph.microsoft.us'
  AzureChinaCloud: 'https://microsoftgraph.chinacloudapi.cn'
}
var graphUrl = empty(graphBaseUrl) ? graphByCloud[environment().name] : graphBaseUrl

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: names.identity, location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module hostStorage 'modules/storage-account.bicep' = {
  scope: group
  params: {
    name: names.hostAccount
    location: location
    tags: tags
    // Nothing in it is the only copy of anything: packages, leases, function keys, messages under way.
    redundancy: 'Standard_LRS'
    closed: privateNetwork
    containers: [packageContainer]
    queues: ['export-jobs', 'export-jobs-poison', 'graph-notifications', 'graph-notifications-poison']
  }
}

module dataStorage 'modules/storage-account.bicep' = {
  scope: group
  params: {
    name: names.dataAccount
    location: location
    tags: tags
    redundancy: dataRedundancy
    closed: privateNetwork
    versioned: true
    containers: map(items(containers), each => each.value)
    immutableContainers: evidence ? [containers.export] : []
  }
}

module dataLifecycle 'modules/data-lifecycle.bicep' = {
  scope: group
  dependsOn: [dataStorage]
  params: { account: names.dataAccount, containers: containers, coolAfterDays: coolAfterDays }
}

module dataProtection 'modules/data-protection.bicep' = {
  scope: group
  dependsOn: [dataStorage, monitoring]
  params: {
    account: names.dataAccount
    container: containers.export
    workspace: names.workspace
    evidence: evidence
    evidenceDays: evidenceDays
    deleteLock: deleteLock
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: names.vault
    location: location
    tags: tags
    closed: privateNetwork
    evidence: evidence
    clientState: notificationClientState
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  dependsOn: [identity, hostStorage, dataStorage, vault, monitoring]
  params: {
    identity: names.identity
    hostAccount: names.hostAccount
    dataAccount: names.dataAccount
    dataContainers: map(items(containers), each => each.value)
    vault: names.vault
    insights: names.insights
    readersGroupId: readersGroupId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  dependsOn: [hostStorage, dataStorage, vault]
  params: {
    name: names.network
    location: location
    tags: tags
    hostAccount: names.hostAccount
    dataAccount: names.dataAccount
    vault: names.vault
  }
}

module app 'modules/function-app.bicep' = {
  scope: group
  // A host that starts without its roles, or without a way to its storage, does not come up: Azure/azure-dev#8026.
  dependsOn: [roles, network]
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    identity: names.identity
    hostAccount: names.hostAccount
    packageContainer: packageContainer
    dataAccount: names.dataAccount
    vault: names.vault
    insights: names.insights
    network: privateNetwork ? names.network : ''
    webhooks: webhooks
    updates: updates
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    httpConcurrency: httpConcurrency
    settings: {
      TENANT_ID: homeTenant
      TENANTS: tenants
      MULTITENANT_CLIENT_ID: multitenantClientId
      GRAPH_BASE_URL: graphUrl
      GRAPH_CREDENTIAL: 'managed_identity'
      GRAPH_REQUESTS_PER_MINUTE: string(graphRequestsPerMinute)
      EXPORT_CONTAINER: containers.export
      STATE_CONTAINER: containers.state
      VIEWS_CONTAINER: containers.views
      EXPORT_SOURCES: exportSources
      EXPORT_LOOKBACK_DAYS: string(exportLookbackDays)
      EXPORT_OVERLAP_MINUTES: string(exportOverlapMinutes)
      EXPORT_CONCURRENCY: string(exportConcurrency)
      BELL_INTERVAL_SECONDS: string(bellIntervalSeconds)
      RECONCILE_DAYS: string(reconcileDays)
      RUN_BUDGET_SECONDS: string(runBudgetSeconds)
      SUBSCRIPTIONS: string(subscriptions)
      ALERTS_SCHEDULE: alertsSchedule
      SECURE_SCORES_SCHEDULE: secureScoresSchedule
      SUBSCRIPTIONS_SCHEDULE: subscriptionsSchedule
      REPORT_SCHEDULE: reportSchedule
      RECONCILE_SCHEDULE: reconcileSchedule
      LATEST_SCHEDULE: latestSchedule
      PYTHON_THREADPOOL_THREAD_COUNT: string(threads)
    }
  }
}

module alarms 'modules/alarms.bicep' = {
  scope: group
  dependsOn: [monitoring]
  params: {
    actionGroup: 'ag-${token}'
    location: location
    tags: tags
    workspace: names.workspace
    email: alarmEmail
    sources: map(split(exportSources, ','), each => trim(each))
    // Who is listed in a blob is not known here; then a source counts as silent when it is so for every tenant.
    tenants: startsWith(tenants, 'blob:')
      ? []
      : map(split(empty(tenants) ? homeTenant : tenants, ','), each => toLower(trim(each)))
    webhooks: webhooks
    updates: updates
    lagMinutes: alarmLagMinutes
    scoreDropPercent: alarmScoreDropPercent
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  dependsOn: [monitoring]
  params: { location: location, tags: tags, workspace: names.workspace }
}

// azd puts these into the environment of the hooks.
output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = names.app
output FUNCTION_APP_URL string = app.outputs.url
output FUNCTION_APP_ID string = app.outputs.id
output IDENTITY_NAME string = names.identity
output IDENTITY_CLIENT_ID string = identity.outputs.clientId
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output DATA_ACCOUNT_ID string = dataStorage.outputs.id
output DATA_ACCOUNT_NAME string = names.dataAccount
output DATA_BLOB_ENDPOINT string = dataStorage.outputs.blobEndpoint
output HOST_ACCOUNT_ID string = hostStorage.outputs.id
output KEY_VAULT_ID string = vault.outputs.id
output KEY_VAULT_NAME string = names.vault
output LOG_WORKSPACE_ID string = monitoring.outputs.workspaceId
output RESOURCE_MANAGER_URL string = 'https://${split(environment().resourceManager, '/')[2]}'
output AUTHORITY_HOST string = environment().authentication.loginEndpoint
output GRAPH_URL string = graphUrl
output SOURCES string = exportSources
output WEBHOOKS_ON string = webhooks ? 'true' : 'false'
output UPDATES_ON string = updates ? 'true' : 'false'
