"""What is derived from the export, and can be made again."""
