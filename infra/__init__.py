"""Deployment to Azure: Bicep, and the hooks around it."""
