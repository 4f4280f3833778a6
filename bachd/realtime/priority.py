"""Ask the system to run the threads that music waits for in time: SCHED_FIFO, locked memory, precise wakeups.

Law: what the system does not grant is done without; nothing here raises.
"""

from __future__ import annotations

import ctypes
import operator
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from bachd.realtime.clock import sleep_until

SENDING: Final = 50
"""Of the sending thread, under SCHED_FIFO: below JACK's own threads and the kernel's for interrupts."""
_LEAST: Final = 1
"""Of threads that compute a little, under SCHED_FIFO: before all that has no deadline, below all that makes sound."""
_SWITCH: Final = 0.0005
"""Seconds for which busy Python code may keep the sending thread waiting; Python's own value is ten times that."""

_CURRENT, _ON_FAULT = 1, 4
"""MCL_CURRENT and MCL_ONFAULT in sys/mman.h: what is there now, as soon as it has been used."""
_ROOM: Final = 1 << 24
"""Bytes of the limit to leave: a stack that has to grow where nothing may be locked any more ends the process."""

_MONOTONIC, _ABSOLUTE = 1, 1
"""CLOCK_MONOTONIC and TIMER_ABSTIME in Linux's time.h."""
HELD: Final = 0.001 if sys.platform == "linux" else 0.0
"""Seconds before its deadline at which `punctually` should be called: twice what the thread may wait for the lock."""


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def prefer_threads() -> None:
    """Let no thread of this process wait long for another one's Python code."""
    sys.setswitchinterval(min(_SWITCH, sys.getswitchinterval()))


def take() -> bool:
    """Ask for SCHED_FIFO for the calling thread alone, which sends."""
    return _ask(SENDING)


def come_first() -> bool:
    """Ask for SCHED_FIFO for the calling thread alone, which prepares what is sent, or receives what it depends on.

    All threads of a process that compute should: one that has to wait for its turn while it holds Python's lock makes
    the others wait, on a busy machine for up to a second.
    """
    return _ask(_LEAST)


@contextmanager
def coming_first() -> Iterator[None]:
    """Run with the priority of `come_first` until the context ends."""
    granted = come_first()
    try:
        yield
    finally:
        if granted and sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))


def _ask(priority: int) -> bool:
    if sys.platform != "linux":
        return True  # elsewhere threads that sleep most of the time are woken in time without it
    try:  # the threads and processes that this one starts are to have none of it
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True


def lock_memory() -> bool:
    """Keep this process's memory from being paged out, as far as it is there by now.

    Not what is still to come: where the limit is 64 MB, as for a service, memory would be refused instead.
    """
    if sys.platform != "linux":
        return False
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY and size + _ROOM > limit:
        return False
    return bool(ctypes.CDLL(None).mlockall(_CURRENT | _ON_FAULT) == 0)


def punctually(moment: float, calls: Sequence[Callable[[], Any]]) -> float:
    """Wait until `moment`, in monotonic seconds, then call functions of C, with no Python in between.

    Returns when that was.

    Python's lock is kept meanwhile, by a call to the system that does not let go of it: a thread that has to ask for
    the lock at its deadline gets it half a millisecond later if other Python code is busy, and between two of Python's
    instructions it may lose it again. Nothing is computed in the time that passes.
    """
    if sys.platform == "linux":
        seconds = int(moment)
        until = _Timespec(seconds, int(1e9 * (moment - seconds)))
        wait = partial(_clock_nanosleep(), _MONOTONIC, _ABSOLUTE, ctypes.byref(until), None)
    else:
        wait = partial(sleep_until, moment)
    call: Callable[[Callable[[], Any]], Any] = operator.call
    steps: list[Callable[[], Any]] = [wait, monotonic, *calls]
    returned = list(map(call, steps))
    return float(returned[1])


@cache
def _clock_nanosleep() -> Any:
    return ctypes.PyDLL(None).clock_nanosleep
