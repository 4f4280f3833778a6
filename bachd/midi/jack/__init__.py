"""Output and clock input on JACK."""
