"""Measure when messages arrive, against when they were due."""
