"""The network, its data, and the training loop."""
