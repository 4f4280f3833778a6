"""Measure how soon the harmony sounds under a key: a whole bachd is played to and listened to.

Law: bachd is a process of its own, as `bachd run` starts it, with the model of the settings; keys and harmony are dated
by the MIDI system. A key without a harmony is counted and never averaged away.
"""

from __future__ import annotations

import json
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Final

from bachd import child_process
from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.port_names import IN
from bachd.music.message import note_off, note_on
from bachd.realtime.clock import MonotonicClock, sleep_until
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from bachd.realtime.transport import LEAD_SECONDS
from bachd.service.progress import tell
from bachd.service.timing.listener import NAME
from bachd.service.timing.loopback import PATIENCE, System, listening, output_to

SPACING: Final = 0.25
"""Seconds from key to key."""
_HELD: Final = 0.15
"""Seconds for which a key is down."""
_SETTLING: Final = 2.0
"""Seconds in which bachd opens its network once it listens."""
_KEYBOARD: Final = "bachd-keyboard"
"""What no port is called: it is connected to bachd from here."""
_PATIENCE: Final = 5.0
"""Seconds in which bachd ends."""
_PITCHES: Final = range(62, 80)


@dataclass(frozen=True, slots=True)
class KeyToSound:
    """Milliseconds from each key to the first note under it."""

    delays: Sequence[float]
    unanswered: int
    """Keys under which nothing was heard while they were down."""


def measure(config: Config, system: System, seconds: float) -> KeyToSound:
    """Play single keys for so long. Raises OutputError if bachd does not listen."""
    rng = Random(0)
    keys = [rng.choice(_PITCHES) for _ in range(max(2, round(seconds / SPACING)))]
    with ExitStack() as stack:
        before = _inputs(system)
        where, ear = stack.enter_context(listening(system))
        stack.enter_context(_running(config, where if system == "jack" else NAME, seconds))
        keyboard = output_to(_wait_for_input(system, before), system, MonotonicClock(), Lateness())
        stack.callback(keyboard.close)
        sleep(_SETTLING)
        start = monotonic() + LEAD_SECONDS
        moments = [start + SPACING * number for number in range(len(keys))]
        for number, (moment, pitch) in enumerate(zip(moments, keys, strict=True)):
            sleep_until(moment - LEAD_SECONDS)
            keyboard.send(
                [
                    TimedMessage(moment, number, note_on(0, pitch, 80)),
                    TimedMessage(moment + _HELD, number, note_off(0, pitch)),
                ]
            )
            tell(f"playing keys to a bachd of its own, {number + 1} of {len(keys)}")
        sleep_until(moments[-1] + SPACING)
        heard = ear.result()
    tell("")
    return key_to_sound(moments, [moment for moment, data in heard if data.startswith("9")])


def key_to_sound(keys: Sequence[float], notes: Sequence[float]) -> KeyToSound:
    """Compare the moments of keys with those of the notes that began, both in seconds and in order."""
    delays = []
    for key in keys:
        first = bisect_left(notes, key)
        if first < bisect_right(notes, key + _HELD):
            delays.append(1e3 * (notes[first] - key))
    return KeyToSound(delays, len(keys) - len(delays))


@contextmanager
def _running(config: Config, output: str, seconds: float) -> Iterator[None]:
    """Let bachd run, harmonising what comes in and playing to `output`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "model": config.model,
            "device": config.device,
            "together": "harmonise",
            "midi": {"output": output, "input": _KEYBOARD},
            "web": None,
        }
        Path(folder, "config.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        places = {"RUNTIME_DIRECTORY": folder, "STATE_DIRECTORY": folder}
        most = str(2 * seconds + PATIENCE)  # should nobody be there to end it
        process = child_process.start("bachd", "run", "--seconds", most, environment=places, folder=Path(folder))
        try:
            yield
        finally:
            process.terminate()
            child_process.end(process, _PATIENCE)


def _inputs(system: System) -> set[str]:
    """Return where bachd is listening: names of JACK ports, or addresses of ALSA's."""
    if system == "jack":
        from bachd.midi.jack.output import destinations

        return {name for name in destinations() if name.startswith(IN)}
    from bachd.midi.alsa.kernel_sequencer import KernelSequencer

    sequencer = KernelSequencer()
    try:
        return {"{}:{}".format(*port.address) for port in sequencer.ports() if IN in port.name}
    finally:
        sequencer.close()


def _wait_for_input(system: System, before: set[str]) -> str:
    """Return where the bachd that has just been started listens."""
    end = monotonic() + PATIENCE
    while monotonic() < end:
        if new := _inputs(system) - before:
            return new.pop()
        sleep(0.1)
    raise OutputError("timing: the bachd that is to be measured does not listen; see `bachd check`")
