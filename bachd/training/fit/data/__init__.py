"""Pack pieces into records, and compute features for the crops of a batch."""
