"""Measure the page, and what its visitors cost."""
