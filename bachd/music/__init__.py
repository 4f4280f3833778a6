"""Model music as pure values, without a clock and without I/O."""
