"""End a run, and say whether the machine is to be switched off with it.

Law: the run ends in order, and what sounds is released, before systemd/bachd.service switches the machine off. It does
so for EXIT_SHUTDOWN alone, and is asked for it only where config.yaml permits it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Final

from bachd.config import Config
from bachd.errors import EXIT_OK, EXIT_SHUTDOWN, UsageError

log = logging.getLogger("bachd")

ANSWERING: Final = 0.5
"""Seconds in which whoever has asked on the page gets an answer."""
_PROMISE: Final = "BACHD_SHUTDOWN"
"""What the unit sets to the exit code that it switches off for."""


class Ending(asyncio.Event):
    """Set when the run is to end."""

    code = EXIT_OK
    """What the process ends with."""

    def switch_off(self, config: Config) -> None:
        """End the run, and have the machine switched off. Raises UsageError where that is not permitted."""
        if not config.web.shutdown:
            raise UsageError("switching off is not permitted; web.shutdown: true in config.yaml permits it")
        if os.environ.get(_PROMISE) != str(EXIT_SHUTDOWN):
            raise UsageError("only the installed service can switch this machine off")
        log.info("somebody has asked for it: ending the music, and switching this machine off")
        self.code = EXIT_SHUTDOWN
        asyncio.get_running_loop().call_later(ANSWERING, self.set)
