"""A bundle: the folder with a network, its seed pieces and its card."""
