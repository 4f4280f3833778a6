"""Serve the page, in a process that has only the daemon's messages."""
