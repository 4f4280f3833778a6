"""Open bundles: folders with a network, its seed pieces and its card."""
