// The events of the app, drawn.

param location string
param tags object
param workspace string

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: workspace }

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, workspace)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Graph Security Export'
    category: 'workbook'
    sourceId: logs.id
    serializedData: replace(loadTextContent('../workbook.json'), '{workspace}', logs.id)
  }
}
