"""The page: a process of its own that serves it, with nothing of the music but what it is told."""
