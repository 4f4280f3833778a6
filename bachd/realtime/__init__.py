"""Play in real time: clock, transport, player, and a measure of how late messages left."""
