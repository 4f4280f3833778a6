"""For a thread that sends by itself: to be woken in time.

Law: what the system does not grant is done without; nothing here raises.
"""

from __future__ import annotations

import os
import sys
from typing import Final

_PRIORITY: Final = 50
"""Of the sending thread, under SCHED_FIFO: below JACK's own threads and the kernel's for interrupts."""
_SWITCH: Final = 0.0005
"""Seconds for which busy Python code may keep the sending thread waiting; Python's own value is ten times that."""


def prefer_threads() -> None:
    """Let no thread of this process wait long for another one's Python code."""
    sys.setswitchinterval(min(_SWITCH, sys.getswitchinterval()))


def take() -> bool:
    """Ask for SCHED_FIFO for the calling thread alone."""
    if sys.platform != "linux":
        return True  # elsewhere threads that sleep most of the time are woken in time without it
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except OSError:
        return False
    return True
