"""Keep a port of python-rtmidi connected to a destination that may vanish and come back.

Law: what has come back is reset and sent all channel state at once; it gets notes from the next bar on, and a running
clock after the clock's position. A lock guards the port, as `tend` may reopen it while another thread sends.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any, Final, Literal, TypeAlias

from bachd.errors import OutputError, pip_install
from bachd.midi.alsa.kernel_sequencer import check_device
from bachd.midi.chase import Chase
from bachd.midi.port_names import OURS, full_name, is_instrument
from bachd.midi.presence import Presence
from bachd.midi.reset import reset
from bachd.music.message import START
from bachd.realtime import priority

System: TypeAlias = Literal["alsa", "coremidi"]

_POSITION: Final = 0xF2
RESUME: Final = b"\x01"
"""Stands before a message for a destination that is not in step with the clock yet."""


class Connection:
    """A port of ours that may be connected to a destination, which may vanish and come back."""

    def __init__(self, system: System, destination: str | None, chase: Chase, *, any_instrument: bool = False) -> None:
        self._system = system
        self.destination = destination
        self._any_instrument = any_instrument
        self._chase = chase
        self._lock = threading.Lock()
        self._connected = False
        self._presence = Presence()
        self._open()
        if destination is not None and not self._connected:
            self.close()
            raise OutputError(f"{destination}: is no longer there")

    @property
    def description(self) -> str:
        """The destination, or our own port, or what is waited for."""
        if self._out is None:
            return f"waiting for {_TITLES[self._system]}"
        if self.destination is None:
            return f"port '{OURS}' of {_TITLES[self._system]}"
        return self.destination if self._connected else f"waiting for {self.destination}"

    def send(self, due: float, messages: Sequence[bytes]) -> float:
        """Send messages when they are due; drop them while no destination has joined.

        Returns by how many seconds they were late.
        """
        with self._lock:
            out = self._out
            wanted = [part for data in messages for part in self._wanted(data)] if out is not None else []
            calls = [partial(out.send_message, data) for data in wanted]
            try:
                return priority.punctually(due, calls) - due
            except OSError:  # what rtmidi raises: `tend` finds out what has happened
                return monotonic() - due

    def _wanted(self, data: bytes) -> list[bytes]:
        """Return what to send for a message: nothing as long as the destination has not joined the music or clock."""
        if data[:1] == RESUME:
            if self._presence.in_step:
                return []
            self._presence.in_step = True
            return [data[1:-1], data[-1:]] if len(data) > 2 else [data[1:]]  # a position and a continue, or a start
        if data == START.data or data[0] == _POSITION:
            self._presence.in_step = True
        return [data] if self._presence.passes(data, self._chase) else []

    def join(self) -> None:
        """Send a destination that is back all notes from here on, as a bar begins."""
        with self._lock:
            self._presence.join()

    def tend(self) -> list[str]:
        """Reopen what has vanished and come back; return a line for each change."""
        try:
            return self._tend()
        except OutputError:  # the system is not there, yet or any more; the next call tries again
            return []

    def _tend(self) -> list[str]:
        if self._out is None:
            if self.destination is None:
                self._presence.play(in_step=True)
            else:
                self._presence.arrive()
            self._open()
            return [f"{_TITLES[self._system]} is back: {self.description}"]
        if self.destination is None and not self._any_instrument:
            return []
        names = _names(self._out)
        if self._connected and self.destination not in names:
            gone = self.destination
            self._connected, self.destination = False, None if self._any_instrument else gone
            self._presence.leave()
            return [f"{gone} is gone: the music goes on without it, until it is back"]
        if self.destination is None:
            self.destination = next(filter(is_instrument, names), None)
        if self._connected or self.destination not in names:
            return []
        self._close()
        self._presence.arrive()
        self._open()
        return [f"{self.destination} is there: reset, and in from the next bar on"] if self._connected else []

    def close(self) -> None:
        """Let go of the port, once what has been sent is delivered."""
        if self._out is not None:
            self._close()

    def _open(self) -> None:
        out = _client(self._system)
        names = _names(out)
        self._connected = self.destination in names
        if self.destination is not None and self._connected:
            out.open_port(names.index(self.destination), OURS)
            for data in (*(message.bytes() for message in reset()), *self._chase.state()):
                out.send_message(data)
        else:
            out.open_virtual_port(OURS)
        with self._lock:
            self._out: Any = out

    def _close(self) -> None:
        with self._lock:
            out, self._out = self._out, None
        self._connected = False
        out.close_port()
        out.delete()


def destinations(system: System) -> list[str]:
    """Return the names of the ports to play to, in the system's order. Raises OutputError if it is not there."""
    out = _client(system)
    try:
        return _names(out)
    finally:
        out.delete()


_TITLES: Final = {"alsa": "ALSA", "coremidi": "CoreMIDI"}
_APIS: Final = {"alsa": "API_LINUX_ALSA", "coremidi": "API_MACOSX_CORE"}
_ALSA_NAME: Final = re.compile(r"(.*?):(.*) \d+:\d+")


def _client(system: System) -> Any:
    """Return a client without a port. Raises OutputError if the system is not there, or python-rtmidi is not."""
    title = _TITLES[system]
    try:
        import rtmidi
    except ModuleNotFoundError:
        raise OutputError(f"{title}: python-rtmidi is not installed; {pip_install('python-rtmidi')}") from None
    except (ImportError, OSError) as fault:  # it was built against a library that is not here
        raise OutputError(f"{title}: {fault}; on Debian: sudo apt install libasound2") from None
    api = getattr(rtmidi, _APIS[system])
    if api not in rtmidi.get_compiled_api():
        raise OutputError(f"{title}: this python-rtmidi was built without it")
    if system == "alsa":
        check_device()  # alsa-lib would print on stderr what is wrong with it
    try:
        return rtmidi.MidiOut(api, name=OURS)
    except rtmidi.RtMidiError:
        raise OutputError(f"{title}: cannot be used") from None


def _names(out: Any) -> list[str]:
    """Return the destinations' names, without ALSA's numbers, which change whenever something is plugged in."""
    return [full_name(*match.groups()) if (match := _ALSA_NAME.fullmatch(name)) else name for name in out.get_ports()]
