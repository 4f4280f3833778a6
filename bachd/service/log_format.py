"""Format log lines so that terminals show them as they are."""

from __future__ import annotations

import logging

from bachd.printable import printable


class PrintableFormatter(logging.Formatter):
    """Escapes every character that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, and its traceback if it has one."""
        return printable(super().format(record))
