"""Send and accept files of music: what was played, seed pieces, scores."""
