"""Follow an external tempo: MIDI clock or Ableton Link."""
