"""Sample an event from logits."""
