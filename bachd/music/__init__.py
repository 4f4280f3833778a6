"""What music is: pure values, without a clock and without I/O."""
