"""One run of the daemon: open what it plays with, compose ahead, look after it, and show it."""
