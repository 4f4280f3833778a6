"""The process that serves the page; it knows only what the daemon sends it."""
