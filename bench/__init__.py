"""How punctually notes arrive that are sent in one way or another, while this and that is going on."""
