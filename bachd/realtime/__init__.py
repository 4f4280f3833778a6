"""When it sounds: clock, transport, player, and the measure of how late it was."""
