"""Output and clock input on ALSA's sequencer."""
