"""Deliver timed messages to ports and files, and receive clocks."""
