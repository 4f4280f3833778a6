"""Playing through python-rtmidi: CoreMIDI, and ALSA where alsa-midi cannot be had.

Law: a thread of its own sends each message at an absolute deadline, those of one deadline in the order given; nothing
that happens to the destination reaches the player. What comes back is connected again by name, reset, sent all channel
state, and joins on the next bar; a clock's position comes before the clocks.

The threads meet in one place, the heap of what is to be sent (see message_queue.py); the port itself is guarded by a
lock, as `poll` may reopen it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from bachd.errors import OutputError
from bachd.midi.alsa.sequencer import check_device
from bachd.midi.chase import Chase
from bachd.midi.message_queue import Agenda, begins
from bachd.midi.port_names import OURS, full_name, is_instrument
from bachd.midi.reset import reset
from bachd.music.message import START
from bachd.realtime import priority
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

if TYPE_CHECKING:
    from bachd.midi.resolve import Port

log = logging.getLogger(__name__)

System: TypeAlias = Literal["alsa", "coremidi"]

_BAR: Final = b"\x00"
"""Stands between messages where a bar begins."""
_POSITION: Final = 0xF2
_RESUME: Final = b"\x01"
"""Stands before a message for a destination that is not in step with the clock yet."""


class RtMidiOutput:
    """Sends from a thread of its own, with real-time priority where the system allows it."""

    def __init__(
        self,
        system: System,
        destination: str | None,
        clock: Clock,
        lateness: Lateness,
        *,
        any_instrument: bool = False,
    ) -> None:
        """Open a port and start the thread that sends.

        destination: a name from `destinations`; None opens a port for others to connect to.
        any_instrument: whether any other instrument will do where the destination is not there, or not yet.
        clock: the machine's monotonic one, which the thread sleeps by.

        Raises OutputError if the system is not there, or the destination.
        """
        self._system, self._any_instrument = system, any_instrument
        self._chase = Chase()
        self._connection = _Connection(system, destination, self._chase, any_instrument=any_instrument)
        self._lateness = lateness
        self._agenda = Agenda()
        priority.prefer_threads()
        self._thread = threading.Thread(target=self._deliver, name="midi-out", daemon=True)
        self._thread.start()

    @property
    def description(self) -> str:
        """The destination, or our own port."""
        return self._connection.description

    def plays(self, target: Port) -> bool:
        """Whether this is what would be opened for a target."""
        if target.system != self._system or target.any_instrument != self._any_instrument:
            return False
        return self._any_instrument or target.destination == self._connection.destination

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages to the thread."""
        records = [
            (timed.due, bytes(timed.message.bytes())) for timed in ordered(messages) if not timed.message.is_meta
        ]
        for due, data in records:
            self._chase.see(due, data)
        self._agenda.put(records)

    def retract(self, moment: float) -> None:
        """Take messages from the thread's hands."""
        self._chase.retract()
        self._agenda.retract(moment)

    def bar(self, due: float) -> None:
        """Tell the thread when a destination that is back may join, and where the clock is then."""
        self._agenda.put([(due, _BAR)])
        resume = self._chase.resume()
        if resume is not None and not resume.fresh:
            self._agenda.put([(resume.due, _RESUME + b"".join(resume.messages))])

    def poll(self) -> Sequence[str]:
        """Look after the connection."""
        return self._connection.tend()

    def close(self) -> None:
        """Wait until the thread has sent all, then close the port."""
        self._agenda.end()
        self._thread.join()
        self._connection.close()

    def _deliver(self) -> None:
        if not priority.take():
            log.info("no real-time priority here, so notes may be late while the machine is busy: see 'bachd doctor'")
        priority.lock_memory()
        while chord := self._agenda.take(priority.HELD):
            due = chord[0][0]
            messages = [data for _, data in chord if data is not _BAR]
            if len(messages) < len(chord):
                self._connection.join()
            late = self._connection.send(due, messages)
            for data in messages:
                if data[:1] != _RESUME:
                    self._lateness.record(late)


class _Connection:
    """A port of ours that may be connected to a destination, which may vanish and come back."""

    def __init__(self, system: System, destination: str | None, chase: Chase, *, any_instrument: bool = False) -> None:
        self._system = system
        self.destination = destination
        self._any_instrument = any_instrument
        self._chase = chase
        self._in_step = True  # with the clock
        self._lock = threading.Lock()
        self._connected = False
        self._joined = True
        self._open()
        if destination is not None and not self._connected:
            self.close()
            raise OutputError(f"{destination}: is no longer there")

    @property
    def description(self) -> str:
        if self._out is None:
            return f"waiting for {_TITLES[self._system]}"
        if self.destination is None:
            return f"port '{OURS}' of {_TITLES[self._system]}"
        return self.destination if self._connected else f"waiting for {self.destination}"

    def send(self, due: float, messages: Sequence[bytes]) -> float:
        """Send messages when they are due; in vain while there is no destination, or it has not joined yet.

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
        """What a message is for the destination: nothing, as long as it has not joined the music, or the clock."""
        if data[:1] == _RESUME:
            if self._in_step:
                return []
            self._in_step = True
            return [data[1:-1], data[-1:]] if len(data) > 2 else [data[1:]]  # a position and a continue, or a start
        if data == START.data or data[0] == _POSITION:
            self._in_step = True
        if begins(data):
            return [data] if self._joined else []
        return [data] if self._in_step or not self._chase.holds_back(data) else []

    def join(self) -> None:
        """A bar begins: whoever has come back hears all from here on."""
        with self._lock:
            self._joined = True

    def tend(self) -> list[str]:
        """Reopen what has vanished and come back. Returns what has changed."""
        try:
            return self._tend()
        except OutputError:  # the system is not there, yet or any more; the next look will tell
            return []

    def _tend(self) -> list[str]:
        if self._out is None:
            self._joined = self._in_step = self.destination is None
            self._open()
            return [f"{_TITLES[self._system]} is back: {self.description}"]
        if self.destination is None and not self._any_instrument:
            return []
        names = _names(self._out)
        if self._connected and self.destination not in names:
            gone = self.destination
            self._connected, self.destination = False, None if self._any_instrument else gone
            return [f"{gone} is gone: the music goes on without it, until it is back"]
        if self.destination is None:
            self.destination = next(filter(is_instrument, names), None)
        if self._connected or self.destination not in names:
            return []
        self._close()
        self._joined = self._in_step = False
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
    """The names of the ports that can be played to, in the system's order. Raises OutputError if it is not there."""
    out = _client(system)
    try:
        return _names(out)
    finally:
        out.delete()


_TITLES: Final = {"alsa": "ALSA", "coremidi": "CoreMIDI"}
_APIS: Final = {"alsa": "API_LINUX_ALSA", "coremidi": "API_MACOSX_CORE"}
_ALSA_NAME: Final = re.compile(r"(.*?):(.*) \d+:\d+")


def _client(system: System) -> Any:
    """A client without a port. Raises OutputError if the system is not there, or python-rtmidi is not."""
    title = _TITLES[system]
    try:
        import rtmidi
    except ModuleNotFoundError:
        raise OutputError(f"{title}: python-rtmidi is not installed; pip install python-rtmidi") from None
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
    """The destinations' names, those of ALSA as in sequencer.py: without the numbers that change at each plug."""
    return [full_name(*match.groups()) if (match := _ALSA_NAME.fullmatch(name)) else name for name in out.get_ports()]
