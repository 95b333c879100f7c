using '../../infra/main.bicep'

// What `azd up` deploys when nothing is chosen.
param environmentName = 'snapshot'
param location = 'westeurope'
// New at each deployment by default, so pinned here; a made-up value.
param notificationClientState = 'not-a-secret-but-a-pinned-value'
