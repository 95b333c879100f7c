using '../../infra/main.bicep'

// All that can be switched on, for several tenants, and no value that is the default.
param environmentName = 'snapshot'
param location = 'westeurope'
param notificationClientState = 'not-a-secret-but-a-pinned-value'
param tenantId = '11111111-1111-4111-8111-AAAAAAAAAAAA'
param tenants = '11111111-1111-4111-8111-AAAAAAAAAAAA, 22222222-2222-4222-8222-222222222222'
param multitenantClientId = '33333333-3333-4333-8333-333333333333'
param graphBaseUrl = 'https://dod-graph.microsoft.us'
param graphRequestsPerMinute = 300
param exportSources = 'alerts_v2, incidents,alerts'
param exportLookbackDays = 90
param exportOverlapMinutes = 120
param exportConcurrency = 8
param bellIntervalSeconds = 30
param reconcileDays = 7
param runBudgetSeconds = 300
param alertsSchedule = '0 */10 * * * *'
param secureScoresSchedule = '0 31 6 * * *'
param subscriptionsSchedule = '0 18 * * * *'
param reportSchedule = '0 1 7 * * *'
param reconcileSchedule = '0 46 3 * * *'
param latestSchedule = '0 21 * * * *'
param subscriptions = [
  { resource: 'security/alerts?$filter=vendorInformation/provider eq \'IPC\'', changeType: 'updated' }
]
param webhooks = true
param updates = true
param evidence = true
param evidenceDays = 2555
param deleteLock = true
param dataRedundancy = 'Standard_GZRS'
param coolAfterDays = 30
param readersGroupId = '44444444-4444-4444-8444-444444444444'
param privateNetwork = true
param instanceMemoryMB = 4096
param maximumInstanceCount = 100
param alwaysReadyInstances = 2
param httpConcurrency = 32
param threads = 32
param logRetentionDays = 365
param alarmEmail = 'soc@contoso.example'
param alarmLagMinutes = 45
param alarmScoreDropPercent = 3
