"""What is derived from the exported blobs, and can be made again: the report."""
