"""Measure how a bundle harmonises a melody that is given."""
