"""Send through a JACK client at given moments, and log when messages arrive.

Law: it shares nothing with bachd but the server, and is not made to wait by whatever else is busy here.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections import deque
from contextlib import suppress

import jack

from bachd.realtime import priority

MICRO = 1e-6
_SWITCH = 0.0001
"""Seconds for which JACK's thread may have to wait for the other one."""
_PATIENCE = 20.0
"""Seconds in which ports must have come that are waited for."""


class Client:
    """One port for each direction."""

    def __init__(self) -> None:
        """Raises jack.JackOpenError if no server runs."""
        priority.come_first()  # JACK's thread would have to wait for this one, if it waited with Python's lock
        sys.setswitchinterval(_SWITCH)
        self._client = jack.Client("bench", no_start_server=True)
        self._out = self._client.midi_outports.register("clock")
        self._in = self._client.midi_inports.register("heard")
        self.to_send: deque[tuple[float, bytes]] = deque()
        """Moments in seconds of JACK's time, and messages."""
        self.heard: list[tuple[float, bytes]] = []
        """The same."""
        self._handle = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", self._client._ptr)))
        library = ctypes.CDLL("libjack.so.0")
        self._time, self._frames_to_time = library.jack_get_time, library.jack_frames_to_time
        self._time.restype = self._frames_to_time.restype = ctypes.c_uint64
        self._client.set_process_callback(self._process)
        self._client.activate()

    @property
    def now(self) -> float:
        """Seconds of JACK's time."""
        return MICRO * float(self._time())

    def _date(self, frame: int) -> float:
        return MICRO * float(self._frames_to_time(self._handle, ctypes.c_uint32(frame)))

    def _process(self, frames: int) -> None:
        first = self._client.last_frame_time
        begin, end = self._date(first), self._date(first + frames)
        self._out.clear_buffer()
        while self.to_send and self.to_send[0][0] < end:
            moment, data = self.to_send.popleft()
            offset = round((moment - begin) / (end - begin) * frames)
            self._out.write_midi_event(min(max(0, offset), frames - 1), data)
        for offset, data in self._in.incoming_midi_events():
            self.heard.append((begin + offset * (end - begin) / frames, bytes(data)))

    def connect(self, source: str, destination: str) -> None:
        """Connect ports as soon as both are there."""
        end = time.monotonic() + _PATIENCE
        while not self._is_connected(source, destination):
            if time.monotonic() > end:
                raise SystemExit(f"bench: {source} and {destination} cannot be connected")
            time.sleep(0.05)

    def _is_connected(self, source: str, destination: str) -> bool:
        """Whether ports are connected, as they are by now if that is possible: their clients may just be starting."""
        there = self._client.get_ports(f"^{source}$")
        if not there or not self._client.get_ports(f"^{destination}$"):
            return False
        with suppress(jack.JackErrorCode):
            self._client.connect(source, destination)
        return destination in [port.name for port in self._client.get_all_connections(there[0])]

    def close(self) -> None:
        """Be gone."""
        self._client.deactivate()
        self._client.close()
