"""Output through python-rtmidi."""
