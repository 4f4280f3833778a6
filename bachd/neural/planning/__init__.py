"""From the plan of a piece to candidates for its next bars, and the choice among them."""
