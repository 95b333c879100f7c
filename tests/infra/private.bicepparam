using '../../infra/main.bicep'

// A private network, and all that is on by default switched off: polling alone.
param environmentName = 'snapshot'
param location = 'westeurope'
param notificationClientState = 'not-a-secret-but-a-pinned-value'
param privateNetwork = true
param tenants = 'blob:tenants.txt'
param webhooks = false
param deleteLock = false
param coolAfterDays = 0
