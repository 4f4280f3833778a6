"""Waiting for something in the guest, giving up, and telling how long it took.

Law: nothing is waited for without an end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from time import monotonic, sleep

LOOK = 0.01
"""Seconds between two looks."""


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


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def figures(seconds: list[float]) -> str:
    """Some waits, for people."""
    return f"{median(seconds):.2f} s (median), {max(seconds):.2f} s (longest)"
