"""Blobs and queues: protocols in values, and their form over Azure Storage."""
