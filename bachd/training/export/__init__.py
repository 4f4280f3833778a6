"""Turn trained weights into a bundle: quantise, check for the Edge TPU, credit the sources."""
