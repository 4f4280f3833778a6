"""Other voices for a voice that is given."""
