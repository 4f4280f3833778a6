"""Read works to learn from, clean them up, and split them."""
