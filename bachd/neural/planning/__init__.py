"""Compose candidates for the next bars of a planned piece, and choose among them."""
