"""What stands in for Azure on a developer's machine; nothing of it is deployed."""
