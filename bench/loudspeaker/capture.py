"""Capture what the loudspeaker plays through JACK, in a process of its own.

Law: each period is dated by the server, and nothing else of this process needs Python's lock meanwhile.

`python -m bench.loudspeaker.capture NAME FILE` writes a line to stdout once it listens to the client NAME. When its
stdin ends, it writes FILE: the moment of each period, its samples, their rate, and how many xruns the server reported.
"""

from __future__ import annotations

import ctypes
import gc
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import jack
import numpy as np

from bachd.realtime import priority

_LOOK: Final = 0.05
"""Seconds between two looks at a client that may come, or come back."""


@dataclass(frozen=True)
class Capture:
    """What was played, a period a row."""

    begins: Any
    """The moment of each period's first sample, in monotonic seconds."""
    sound: Any
    rate: int
    xruns: int
    """How often the server reported that it, or one of its clients, was late."""

    def between(self, since: float, until: float) -> tuple[Any, Any]:
        """Return the moments and the samples of the periods that begin between two moments, and of the one before."""
        first, last = np.searchsorted(self.begins, (since, until))
        rows = slice(max(0, first - 1), last)
        steps = np.arange(self.sound.shape[1]) / self.rate
        moments, sound = (self.begins[rows, None] + steps).ravel(), self.sound[rows].ravel()
        inside = (moments >= since) & (moments < until)
        return moments[inside], sound[inside]


class Ear:
    """Captures one channel of all that is played, with the moment of each period."""

    def __init__(self) -> None:
        """Connect to nothing yet. Raises jack.JackOpenError if no server runs."""
        self.xruns = 0
        self._client = jack.Client("bench ear", no_start_server=True)
        self._port = self._client.inports.register("in")
        self._heard: list[tuple[float, Any]] = []
        library = ctypes.CDLL("libjack.so.0")
        self._frames_to_time = library.jack_frames_to_time
        self._frames_to_time.restype = ctypes.c_uint64
        self._handle = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", self._client._ptr)))
        library.jack_get_time.restype = ctypes.c_uint64
        self._ahead = 1e-6 * library.jack_get_time() - time.monotonic()  # JACK may count by another clock
        self._client.set_process_callback(self._process)
        self._client.set_xrun_callback(self._count)
        self._client.activate()

    def _process(self, _frames: int) -> None:
        moment = self._frames_to_time(self._handle, ctypes.c_uint32(self._client.last_frame_time))
        self._heard.append((1e-6 * moment - self._ahead, self._port.get_array().copy()))

    def _count(self, _usecs: float) -> None:
        self.xruns += 1

    def connect(self, part: str) -> bool:
        """Listen to the first output of a client that has `part` in its name; returns whether that is connected."""
        with suppress(jack.JackError):  # its client may just be starting, or ending
            if not self._port.connections and (found := self._client.get_ports(part, is_audio=True, is_output=True)):
                self._client.connect(found[0], self._port)
            return bool(self._port.connections)
        return False

    def write(self, path: str) -> None:
        """Write a file that `Capture` is read from."""
        np.savez(
            path,
            begins=np.array([begin for begin, _ in self._heard]),
            sound=np.array([samples for _, samples in self._heard]),
            rate=self._client.samplerate,
            xruns=self.xruns,
        )

    def close(self) -> None:
        """Be gone."""
        self._client.deactivate()
        self._client.close()


@contextmanager
def capturing() -> Iterator[Callable[[], Capture]]:
    """Listen to the synth; yields what returns what was captured."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "ear.npz")
        command = [sys.executable, "-m", "bench.loudspeaker.capture", "bachd.speaker", str(path)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()

        def take() -> Capture:
            child.communicate()
            with np.load(path) as file:
                return Capture(file["begins"], file["sound"], int(file["rate"]), int(file["xruns"]))

        try:
            yield take
        finally:
            child.kill()
            child.wait()


def main(part: str, path: str) -> None:
    """Capture until stdin ends."""
    gc.disable()  # it would look through all that was captured
    priority.come_first()
    sys.setswitchinterval(1e-4)
    ear = Ear()
    while not ear.connect(part):
        time.sleep(_LOOK)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], _LOOK)[0]:
        ear.connect(part)
    ear.write(path)
    ear.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
