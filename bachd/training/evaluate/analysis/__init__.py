"""Analyse written music: keys, chords, cadences, phrases, voices, themes and rhythm."""
