"""How music is performed: loudness, timing and chance."""
