"""Perform music expressively: dynamics, timing and chance."""
