"""What a person does while music plays, and what follows from it."""
