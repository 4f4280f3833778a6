"""How music is written down: names of notes, key signatures, bars and voices."""
