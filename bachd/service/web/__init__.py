"""The daemon's side of the page: start its process, feed it, carry out its commands."""
