"""Pieces that a run can begin with, has played, or was asked to keep."""
