"""Checks of the machine, the software and the configuration that say what to do."""
