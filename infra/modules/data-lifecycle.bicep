// What of the data grows cold, and which previous versions go.

param account string
param containers object
param coolAfterDays int

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: account }

// A prefix is compared from the container's name on, as text: 'security-export' alone would also mean
// 'security-export-state', so each ends with a slash.
var rewritten = [
  '${containers.state}/checkpoints/'
  '${containers.state}/marks/'
  '${containers.state}/subscriptions/'
  '${containers.state}/notified/'
  '${containers.views}/'
]

// A checkpoint is written 288 times a day and more. Versions of exported blobs, of manifests and of audit are in no
// rule: nothing rewrites those, so a version of one is somebody's doing, and evidence.
var oldVersions = {
  name: 'deleteOldVersions'
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: rewritten }
    actions: { version: { delete: { daysAfterCreationGreaterThan: 7 } } }
  }
}

var cool = {
  name: 'coolExportedData'
  type: 'Lifecycle'
  definition: {
    filters: { blobTypes: ['blockBlob'], prefixMatch: ['${containers.export}/'] }
    actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: coolAfterDays } } }
  }
}

resource policy 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: storage
  name: 'default'
  properties: { policy: { rules: coolAfterDays > 0 ? [oldVersions, cool] : [oldVersions] } }
}
