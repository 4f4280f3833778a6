"""Compare the form of what a bundle composes with that of pieces by Bach."""
