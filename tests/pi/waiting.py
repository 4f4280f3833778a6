"""Waiting for something in the guest, giving up, and telling how long it took.

Law: nothing is waited for without an end.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import monotonic, sleep

LOOK = 0.01
"""Seconds between two looks."""
PRIORITY = 70
"""Of a thread that listens or looks, under SCHED_FIFO: what is tested comes after it."""


class GuestError(Exception):
    """What should have been heard was not, or not in time."""


def wait_until(happened: Callable[[], object], seconds: float, what: str, look: float = LOOK) -> float:
    """Look until it has happened; returns the seconds that took. Raises GuestError after so many."""
    begin = monotonic()
    while not happened():
        if monotonic() - begin > seconds:
            raise GuestError(f"waited {seconds:g} s in vain for {what}")
        sleep(look)
    return monotonic() - begin


class Stalls:
    """How long the machine stood still, as one does whose own machine has other things to do."""

    def __init__(self) -> None:
        """Look from now on. Whoever looks should come before what is tested."""
        self._found: list[tuple[float, float]] = []
        threading.Thread(target=self._look, daemon=True).start()

    def longest(self, since: float) -> float:
        """Seconds of the longest stall that has ended since then."""
        return max((seconds for end, seconds in self._found.copy() if end >= since), default=0.0)

    def _look(self) -> None:
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        while True:
            begin = monotonic()
            sleep(LOOK)
            end = monotonic()
            if end - begin > 2 * LOOK:
                self._found.append((end, end - begin - LOOK))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def figures(seconds: list[float]) -> str:
    """Some waits, for people."""
    return f"{median(seconds):.2f} s (median), {max(seconds):.2f} s (longest)"
