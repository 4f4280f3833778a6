"""Play to DIN sockets on a UART."""
