"""The off-device companion, `bachd-train`. Nothing outside this package imports it."""
