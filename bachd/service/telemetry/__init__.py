"""Measure what a run does, and report it: figures, faults, the status socket."""
