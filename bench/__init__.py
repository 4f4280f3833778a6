"""Measure how punctually notes arrive, by strategy of sending and by what else the machine is doing."""
