"""Sound without a synth: FluidSynth plays on this machine's sound card."""
