// What rings when the export stops working. The queries lie in infra/alarms, one file a rule; what they take from the
// deployment is put before them as `let`.

param actionGroup string
param location string
param tags object
param workspace string

@description('Address that is mailed to; empty: nobody.')
param email string

param sources string[]

@description('Tenants that are exported; empty where the deployment does not know them.')
param tenants string[]

param webhooks bool
param updates bool
param lagMinutes int
param scoreDropPercent int

var daily = ['secureScores', 'secureScoreControlProfiles']

// A dimension without rows never fires: what should have finished is written down, to be joined with what has.
func expected(sources string[], tenants string[]) string =>
  'let expected = datatable(source: string, tenant: string) [${join(flatten(map(sources, source => map(tenants, tenant => '"${source}", "${tenant}"'))), ', ')}];\n'

var eachTenant = 'let eachTenant = ${empty(tenants) ? 'false' : 'true'};\n'
var counted = empty(tenants) ? [''] : tenants
var bySource = ['source', 'tenant']
var lag = 'let limit = ${lagMinutes}m;\n'

var exports = [
  {
    name: 'silent'
    title: 'No export'
    severity: 1
    meaning: 'No export of this source and tenant finished for ${lagMinutes} minutes. Look at GET /api/status, and for export.failed in the logs; if nothing runs at all, restart the app: timers have been seen to stop. A source that Graph offers no more (status: gone) is taken out of EXPORT_SOURCES. It also rings during the first deployment, until the first export.'
    every: 'PT5M'
    window: 'PT6H'
    dimensions: bySource
    query: '${lag}${eachTenant}${expected(sources, counted)}${loadTextContent('../alarms/silent.kql')}'
  }
  {
    name: 'silent-daily'
    title: 'No daily export'
    severity: 2
    meaning: 'Secure scores or control profiles were not exported for 36 hours. Graph keeps scores for 90 days, a day\'s control profiles not at all: look at GET /api/status, and ask for them with POST /api/export.'
    every: 'PT1H'
    window: 'P2D'
    dimensions: bySource
    query: 'let limit = 36h;\n${eachTenant}${expected(daily, counted)}${loadTextContent('../alarms/silent.kql')}'
  }
  {
    name: 'lag'
    title: 'Export is behind'
    severity: 2
    meaning: 'The last export of this source and tenant left more than ${lagMinutes} minutes out. While export.finished says continues, a catch-up is at work: wait. Else look at throttled and seconds in the workbook.'
    every: 'PT15M'
    window: 'PT1H'
    dimensions: bySource
    query: '${lag}${loadTextContent('../alarms/lag.kql')}'
  }
  {
    name: 'failed'
    title: 'Export fails'
    severity: 1
    meaning: 'Graph refused an export, offers its source no more, or could not serve it three times within an hour. The message of export.failed says what to do: most often a permission that is not granted.'
    every: 'PT15M'
    window: 'PT1H'
    dimensions: bySource
    query: loadTextContent('../alarms/failed.kql')
  }
  {
    name: 'gaps'
    title: 'Gaps stay open'
    severity: 3
    meaning: 'For six hours Graph has kept back a part of this source. GET /api/status names the product and its answer: 403 is a missing licence or permission, 504 a product that is too slow.'
    every: 'PT1H'
    window: 'PT6H'
    dimensions: bySource
    query: loadTextContent('../alarms/gaps.kql')
  }
  {
    name: 'poisoned'
    title: 'Poisoned messages'
    severity: 1
    meaning: 'Messages that failed five times lie in this queue. Find the reason among the failed invocations, mend it, and put them back with python -m shared.replay.'
    every: 'PT15M'
    window: 'PT30M'
    dimensions: ['queue']
    query: loadTextContent('../alarms/poisoned.kql')
  }
  {
    name: 'score-dropped'
    title: 'Secure score dropped'
    severity: 3
    meaning: 'The secure score of this tenant is more than ${scoreDropPercent} percentage points below that of the day before. The control profiles of both days tell which controls changed.'
    every: 'PT1H'
    window: 'P1D'
    dimensions: ['tenant']
    query: 'let limit = ${scoreDropPercent};\n${loadTextContent('../alarms/score-dropped.kql')}'
  }
  {
    name: 'views-failed'
    title: 'Report or latest view fails'
    severity: 3
    meaning: 'The report of this tenant failed on two days, or the latest view of this source three times within six hours. The export itself is not concerned, and both are made from it again. The message of report.failed or latest.failed says what to mend; the next run needs nothing more.'
    every: 'PT1H'
    window: 'P2D'
    dimensions: ['view', 'tenant']
    query: loadTextContent('../alarms/views-failed.kql')
  }
]

var subscriptions = [
  {
    name: 'subscription-lost'
    title: 'Subscription lost'
    severity: 2
    meaning: 'A subscription that was there is gone, or has less than 12 hours to live and was not renewed. Nothing is missing, it only comes minutes later. Look at subscriptions in GET /api/status; maintain_subscriptions tries again every hour.'
    every: 'PT1H'
    window: 'PT3H'
    dimensions: ['tenant', 'resource']
    query: loadTextContent('../alarms/subscription-lost.kql')
  }
  {
    name: 'subscriptions-unmaintained'
    title: 'Subscriptions are not looked after'
    severity: 2
    meaning: 'maintain_subscriptions failed twice within three hours for this tenant, or did not run: subscriptions will expire. The message of subscriptions.failed says why; if there is none, restart the app.'
    every: 'PT1H'
    window: 'P2D'
    dimensions: ['tenant']
    query: loadTextContent('../alarms/subscriptions-unmaintained.kql')
  }
]

var audits = [
  {
    name: 'updates-unaudited'
    title: 'Update without an audit'
    severity: 2
    meaning: 'The audit of an update in this collection could not be written, and nothing was sent to Graph, or it could not be completed after the record was changed. Look at the role on security-export-state, and at that account\'s network. The fields of update.unaudited tell which record it was and what became of it, and audit which blob to complete by hand; where audit is null, the person was told to ask again.'
    every: 'PT15M'
    window: 'PT1H'
    dimensions: ['tenant', 'collection']
    query: loadTextContent('../alarms/updates-unaudited.kql')
  }
]

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: workspace }

// Always there, so that receivers of any kind can be added to it.
resource receivers 'Microsoft.Insights/actionGroups@2024-10-01-preview' = {
  name: actionGroup
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'GraphExport'
    emailReceivers: empty(email) ? [] : [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2025-01-01-preview' = [
  for rule in concat(exports, webhooks ? subscriptions : [], updates ? audits : []): {
    name: 'alarm-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Graph Security Export: ${rule.title}'
      description: rule.meaning
      severity: rule.severity
      enabled: true
      scopes: [logs.id]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      // A workspace of a minute ago may not know its tables yet: https://github.com/mspnp/aks-baseline/pull/422.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: map(rule.dimensions, each => { name: each, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [receivers.id] }
    }
  }
]
