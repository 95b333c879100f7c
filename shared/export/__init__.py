"""From Graph's lists to blobs: windows, keys, checkpoint, manifests, and the job that joins them."""
