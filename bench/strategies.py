"""Send in the ways that are compared: what other sequencers do, and bachd's own output.

Law: all play the same notes at the same deadlines to the same listener; peers send through python-rtmidi, as they do.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final, TypeAlias

from bachd.realtime import priority
from bachd.realtime.clock import MonotonicClock, sleep_until
from bachd.realtime.lateness import Lateness
from bachd.realtime.transport import LEAD_SECONDS
from bachd.service.timing.loopback import Sent, System, chord, output_to, play

_SPIN: Final = 0.0005
"""Seconds before a deadline from which on the clock is watched instead of slept by."""
_SETTLING: Final = 0.2
"""Seconds before the first note, beside the lead, when a port has just been opened."""
_SWITCH: Final = sys.getswitchinterval()
_TAIL: Final = 0.1
"""Seconds after the last note until a port may be closed: JACK forgets what it has not passed on."""

Notes: TypeAlias = Sequence[int]
Send: TypeAlias = Callable[[int], None]
"""Sends what leaves with a note."""
Way: TypeAlias = Callable[[Send, float, float, Notes], None]
"""Calls it for each note, at its deadline or thereabouts."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way of sending."""

    name: str
    run: Callable[[str, System, float, Notes], Sent]
    """Play notes, so many seconds apart, to a listener (where it is, and through which system); returns what was sent,
    with its deadlines."""
    ours: bool = False
    """Whether it is bachd's, which also keeps its collector quiet."""


def _relative(send: Send, start: float, spacing: float, notes: Notes) -> None:
    sleep_until(start)
    for number in notes:
        send(number)
        time.sleep(spacing)


def _asyncio(send: Send, start: float, spacing: float, notes: Notes) -> None:
    async def run() -> None:
        for number in notes:
            await asyncio.sleep(start + spacing * number - monotonic())
            send(number)

    asyncio.run(run())


def _absolute(send: Send, start: float, spacing: float, notes: Notes) -> None:
    for number in notes:
        sleep_until(start + spacing * number)
        send(number)


def _fifo(send: Send, start: float, spacing: float, notes: Notes) -> None:
    priority.take()
    _absolute(send, start, spacing, notes)


def _spin(send: Send, start: float, spacing: float, notes: Notes) -> None:
    priority.take()
    for number in notes:
        due = start + spacing * number
        sleep_until(due - _SPIN)
        while monotonic() < due:
            pass
        send(number)


def _peer(way: Way, where: str, system: System, spacing: float, notes: Notes) -> Sent:
    """Send in a thread of its own, as a peer would, with Python's own settings."""
    sys.setswitchinterval(_SWITCH)
    out = _port(where, system)
    messages = [[bytes(message.bytes()) for message in chord(number, notes[-1])] for number in notes]

    def send(number: int) -> None:
        for data in messages[number]:
            out.send_message(data)

    start = monotonic() + LEAD_SECONDS + _SETTLING
    thread = threading.Thread(target=way, args=(send, start, spacing, notes))
    thread.start()
    thread.join()
    sleep_until(monotonic() + _TAIL)
    out.close_port()
    out.delete()
    return [(start + spacing * number, data.hex()) for number in notes for data in messages[number]]


def _port(where: str, system: System) -> Any:
    import rtmidi

    api = rtmidi.API_UNIX_JACK if system == "jack" else rtmidi.API_LINUX_ALSA
    out = rtmidi.MidiOut(api, name="peer")
    names = out.get_ports()  # of ALSA's they are the ends: client, port and both their numbers
    out.open_port(next(index for index, name in enumerate(names) if f" {name}".endswith(f" {where}")), "peer")
    return out


def _bachd(where: str, system: System, spacing: float, notes: Notes) -> Sent:
    priority.prefer_threads()
    output = output_to(where, system, MonotonicClock(), Lateness())
    start = monotonic() + LEAD_SECONDS + _SETTLING
    try:
        return [each for messages in play(output, start, spacing, notes, last=notes[-1]) for each in messages]
    finally:
        output.close()


def strategies(system: System) -> list[Strategy]:
    """All of them, peers first."""
    peers = {
        "relative sleep": _relative,
        "asyncio.sleep": _asyncio,
        "absolute deadlines": _absolute,
        "absolute, FIFO": _fifo,
        "absolute, FIFO, spin": _spin,
    }
    native = "bachd, kernel queue" if system == "alsa" else "bachd, JACK's cycles"
    return [
        *(Strategy(name, partial(_peer, way)) for name, way in peers.items()),
        Strategy(native, _bachd, ours=True),
    ]


def real_time() -> bool:
    """Whether FIFO means anything here."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(priority.take()))
    thread.start()
    thread.join()
    return found[0] and hasattr(os, "SCHED_FIFO")
