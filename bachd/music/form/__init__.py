"""The form of pieces: how it is measured, described and planned."""
