"""bachd: a daemon that plays a neural network's Bach out of a MIDI port.

Law: importing this package costs nothing; whatever is heavy is imported where it is used.
"""

__version__ = "0.1.0"
