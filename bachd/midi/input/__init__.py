"""What comes in: a MIDI clock to follow, and what a person plays."""
