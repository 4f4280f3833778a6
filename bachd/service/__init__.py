"""The long run: the daemon that joins the parts."""
