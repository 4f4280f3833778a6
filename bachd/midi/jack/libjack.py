"""Bind JACK's library, as far as bachd needs it: a client that watches the server, finds ports and connects them.

Law: no library is loaded beside one that is in memory already, such as python-rtmidi's own; what JACK would print on
stderr, we say ourselves. The library is called only in child processes: a server that hangs makes its calls hang.
"""

from __future__ import annotations

import ctypes
import errno
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, Final

from bachd.errors import OutputError

_NO_START_SERVER: Final = 1
"""JackNoStartServer in jack/types.h."""
_IS_INPUT, _IS_OUTPUT, _IS_PHYSICAL = 1, 2, 4
_MIDI: Final = b"8 bit raw midi"
_Complain: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_Shutdown: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_PortConnect: Final = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p)
_PortRegistration: Final = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p)
Process: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)
"""What JACK calls in each cycle: takes a number of frames, returns 0."""
_MICRO: Final = 1e-6
_PATIENCE: Final = 1.0
"""Seconds in which a client can be closed; it takes some hundredths of one."""
_IGNORE: Final = _Complain(lambda _: None)


class Event(ctypes.Structure):
    """jack_midi_event_t in jack/midiport.h."""

    _fields_ = (("frame", ctypes.c_uint32), ("size", ctypes.c_size_t), ("data", ctypes.POINTER(ctypes.c_ubyte)))


class Client:
    """A client of the JACK server."""

    def __init__(self, name: str) -> None:
        """Raises OutputError if no server runs, or there is no library."""
        self.jack = library()
        """For what is called in each cycle."""
        opened = self.jack.jack_client_open(name.encode(), _NO_START_SERVER, None)
        if opened is None:
            raise OutputError("JACK: no server runs")
        self.handle = ctypes.c_void_p(opened)
        """JACK's own."""
        self.died = threading.Event()
        """Set when the server has died. Its clients may not be used then, but for closing them."""
        self._on_shutdown = _Shutdown(lambda _: self.died.set())
        self.jack.jack_on_shutdown(self.handle, self._on_shutdown, None)
        # JACK may count by another clock, as one that is not slewed by NTP: that drifts against the monotonic one.
        self._shift = _MICRO * self.jack.jack_get_time() - monotonic()  # by how much theirs is ahead
        self._begin, self._end = ctypes.c_uint64(), ctypes.c_uint64()
        unused = (ctypes.c_uint32(), ctypes.c_float())
        self._times = [ctypes.byref(each) for each in (unused[0], self._begin, self._end, unused[1])]

    def register(self, name: str, *, output: bool) -> Any:
        """Make a MIDI port; returns JACK's own handle of it."""
        return ctypes.c_void_p(
            self.jack.jack_port_register(self.handle, name.encode(), _MIDI, _IS_OUTPUT if output else _IS_INPUT, 0)
        )

    def port_name(self, port: Any) -> str:
        """Return a port's full name, as 'bachd:bachd'."""
        return str((self.jack.jack_port_name(port) or b"").decode(errors="replace"))

    def on_change(self, connected: Callable[[str, str, bool], None], registered: Callable[[str], None]) -> None:
        """Call `connected(one port, another, whether they are connected now)`, and `registered(port)` for a new port.

        To be asked for before `start`. Both are called by a thread of JACK's own, which must not be made to wait.
        """

        def name(number: int) -> str:
            return self.port_name(ctypes.c_void_p(self.jack.jack_port_by_id(self.handle, number)))

        def connect(one: int, other: int, connects: int, _: object) -> None:
            connected(name(one), name(other), bool(connects))

        def register(number: int, registers: int, _: object) -> None:
            if registers:
                registered(name(number))

        self._on_connect = _PortConnect(connect)
        self._on_registration = _PortRegistration(register)
        self.jack.jack_set_port_connect_callback(self.handle, self._on_connect, None)
        self.jack.jack_set_port_registration_callback(self.handle, self._on_registration, None)

    def start(self, process: Any) -> None:
        """Take part in the cycles: `process`, a `Process`, is called in each by a thread of JACK's own."""
        self._process = process
        self.jack.jack_set_process_callback(self.handle, process, None)
        self.jack.jack_activate(self.handle)

    def cycle_times(self) -> tuple[float, float]:
        """Begin of the present and of the next cycle, in monotonic seconds. Only for the process callback."""
        self.jack.jack_get_cycle_times(self.handle, *self._times)
        before = monotonic()
        theirs = self.jack.jack_get_time()  # microseconds, cut off
        after = monotonic()
        # What is known stands as long as it can be true: a thread that is held up here learns little, and no more.
        self._shift = min(max(self._shift, _MICRO * theirs - after), _MICRO * (theirs + 1) - before)
        begin, end = (_MICRO * each.value - self._shift for each in (self._begin, self._end))
        return present_cycle(begin, end, after)

    def destinations(self) -> list[str]:
        """Return the full names of the MIDI ports that can be played to, in the server's order."""
        return self.ports(output=False)

    def ports(self, *, output: bool, hardware: bool = False) -> list[str]:
        """Return the full names of the MIDI ports that are outputs, or that are inputs, in the server's order.

        hardware: whether to leave out those that belong to a program.
        """
        flags = (_IS_OUTPUT if output else _IS_INPUT) | (_IS_PHYSICAL if hardware else 0)
        return self._names(self.jack.jack_get_ports(self.handle, None, _MIDI, flags))

    def connections(self, port: Any) -> list[str]:
        """Return the full names of the ports that a port is connected to."""
        return self._names(self.jack.jack_port_get_all_connections(self.handle, port))

    def connect(self, source: str, destination: str) -> bool:
        """Connect one port to another; returns whether they are connected now."""
        return self.jack.jack_connect(self.handle, source.encode(), destination.encode()) in (0, errno.EEXIST)

    def disconnect(self, source: str, destination: str) -> None:
        """Disconnect one port from another, if they are connected."""
        self.jack.jack_disconnect(self.handle, source.encode(), destination.encode())

    def _names(self, names: Any) -> list[str]:
        """Return the strings of an array of C that a null pointer ends, which is freed."""
        found = []
        for name in names or ():
            if name is None:
                break
            found.append(name.decode(errors="replace"))
        if names:
            self.jack.jack_free(names)
        return found

    def close(self) -> None:
        """Leave the server, in a thread: the library was seen to wait for ever for one of its own that had died."""
        closing = threading.Thread(target=self.jack.jack_client_close, args=(self.handle,), daemon=True)
        closing.start()
        closing.join(_PATIENCE)


def present_cycle(begin: float, end: float, now: float) -> tuple[float, float]:
    """Return a cycle's begin and end, moved if it cannot be the present one. All in seconds.

    A server that stood still makes up for its missed cycles, in which JACK's filter dates them up to seconds in the
    past, and then in the future. No cycle is taken to have ended already, or to be further away than the next one.
    """
    shift = min(max(0.0, now - end), now - begin + (end - begin))
    return begin + shift, end + shift


@cache
def library() -> Any:
    """Load the library, and keep it from writing to stderr what our errors report. Raises OutputError without one."""
    try:
        jack = ctypes.CDLL(_loaded() or "libjack.so.0")
    except OSError:
        raise OutputError("JACK: there is no libjack; on Debian: sudo apt install libjack-jackd2-0") from None
    for name in ("jack_client_open", "jack_port_register", "jack_port_by_id", "jack_port_get_buffer"):
        getattr(jack, name).restype = ctypes.c_void_p
    for name in ("jack_get_ports", "jack_port_get_all_connections"):
        getattr(jack, name).restype = ctypes.POINTER(ctypes.c_char_p)
    jack.jack_port_name.restype = ctypes.c_char_p
    jack.jack_get_time.restype = ctypes.c_uint64
    jack.jack_set_error_function(_IGNORE)
    jack.jack_set_info_function(_IGNORE)
    return jack


def _loaded() -> str | None:
    """Return the library that is in memory already: wheels bring one of their own under a name of their own."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return next((line.split(maxsplit=5)[-1] for line in maps.splitlines() if "libjack" in line), None)
