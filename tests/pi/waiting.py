"""Waiting for something in the guest, and giving up.

Law: nothing is waited for without an end.
"""

from __future__ import annotations

from collections.abc import Callable
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
