"""Where it goes: the outputs that deliver timed messages."""
