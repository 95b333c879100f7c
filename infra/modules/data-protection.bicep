// What keeps the exported data from being deleted or changed, and tells who tried.

param account string
param container string
param workspace string
param evidence bool
param evidenceDays int
param deleteLock bool

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: account

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource exported 'containers' existing = { name: container }
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: workspace }

// The container's default for every version in it. It is unlocked: locking it is the operator's own act and stands in
// no template, because nobody can undo it. Only an unlocked one can be written, so once it is locked, evidenceDays is 0:
// https://learn.microsoft.com/cli/azure/storage/container/immutability-policy
resource retention 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-06-01' = if (evidence && evidenceDays > 0) {
  parent: storage::blobs::exported
  name: 'default'
  properties: { immutabilityPeriodSinceCreationInDays: evidenceDays }
}

// Reads are not logged: they are many, and change nothing.
resource writes 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (evidence) {
  scope: storage::blobs
  name: 'writes-and-deletions'
  properties: {
    workspaceId: logs.id
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  scope: storage
  name: 'keep-exported-data'
  properties: {
    level: 'CanNotDelete'
    notes: 'The exported security data: Graph itself forgets it. Remove this lock only to give the data up.'
  }
}
