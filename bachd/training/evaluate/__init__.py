"""Measure a bundle: held-out prediction, style, memorisation."""
