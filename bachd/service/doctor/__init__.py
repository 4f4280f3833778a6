"""Check the machine, the software and the configuration, and recommend what to do."""
