"""From trained weights to a bundle: quantise, check for the Edge TPU, credit the sources."""
