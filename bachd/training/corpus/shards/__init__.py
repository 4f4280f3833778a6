"""Read files in parallel, and keep what was read in shards."""
