"""Change the settings of a run while it plays: from the file, and from the page."""
