"""Write the music into a Standard MIDI File."""
