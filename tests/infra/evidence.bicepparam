using '../../infra/main.bicep'

// Exported data held as evidence, and webhooks without instances that are always ready.
param environmentName = 'snapshot'
param location = 'westeurope'
param notificationClientState = 'not-a-secret-but-a-pinned-value'
param evidence = true
param alwaysReadyInstances = 0
