"""Write what was played into a .mid of format 1: a track for tempo, metre and key, and one for each voice, by its name.

Law: the notes and their moments are those that were sent; the voice of a note is the one that a score would give it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bachd.errors import OutputError
from bachd.music.event import TICKS
from bachd.music.message import Message, meta, variable
from bachd.music.notation import voices
from bachd.music.piece import Step
from bachd.realtime.output import TimedMessage

_SCALE: Final = 20
"""Ticks of the file in each of ours: 480 a quarter note."""
PPQ: Final = TICKS * _SCALE
_TRACK_NAME: Final = 0x03
_END: Final = b"\x00\xff\x2f\x00"

_Timed = list[tuple[int, Message]]
"""The messages of a track with their ticks in the file."""


class TracksOutput:
    """Keeps what it is sent until `close`. `on_step` has to be called after the messages of each step."""

    def __init__(self, path: Path, title: str = "") -> None:
        """Write nothing yet. title: of the whole file."""
        self._path = path
        self._title = title
        self._sent: list[TimedMessage] = []
        self._steps: list[tuple[int, Step]] = []  # with how many messages were sent before those of the step

    @property
    def description(self) -> str:
        """The file's name."""
        return str(self._path)

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Keep them."""
        self._sent += messages

    def on_step(self, step: Step, _due: float, messages: Sequence[TimedMessage]) -> None:
        """Note which step the messages that were sent last belong to."""
        self._steps.append((len(self._sent) - len(messages), step))

    def retract(self, moment: float) -> None:
        """Leave out what is due later."""
        self._sent = [timed for timed in self._sent if timed.due <= moment]

    def bar(self, due: float) -> None:
        """Do nothing."""

    def poll(self) -> Sequence[str]:
        """Do nothing."""
        return ()

    def close(self) -> None:
        """Write the file. Raises OutputError."""
        try:
            self._path.write_bytes(self._file())
        except OSError as fault:
            raise OutputError(f"{self._path}: cannot be written: {fault.strerror}; choose another folder") from fault

    def _file(self) -> bytes:
        used = voices.count(step.event for _, step in self._steps)
        signs: _Timed = []
        parts: list[_Timed] = [[] for _ in range(used)]
        tracker, steps = voices.Voices(used), iter([*self._steps, (len(self._sent) + 1, None)])
        voice_of: dict[int, int] = {}
        sounding: dict[tuple[int, int], int] = {}  # channel and pitch -> voice
        channels: dict[int, int] = {}  # -> the voice that plays there first
        waiting: _Timed = []  # what is for a whole channel
        upcoming, step = next(steps)
        for index, timed in enumerate(self._sent):
            while index >= upcoming:
                voice_of = {} if step is None else tracker.assign(step.event)
                upcoming, step = next(steps)
            tick, message = max(0, round(timed.tick * _SCALE)), timed.message
            if message.is_meta:
                signs.append((tick, message))
            elif message.type == "note_on" and message.velocity:
                voice = voice_of.get(message.note, used - 1)
                sounding[message.channel, message.note] = voice
                channels.setdefault(message.channel, voice)
                parts[voice].append((tick, message))
            elif message.type in ("note_on", "note_off"):
                parts[sounding.pop((message.channel, message.note), 0)].append((tick, message))
            elif message.data[0] < 0xF0:
                waiting.append((tick, message))
        for part in range(used):
            parts[part][:0] = [each for each in waiting if channels.get(each[1].channel, 0) == part]
        _part_repeats(parts)
        names = voices.names(used) if used > 1 else (self._title,)
        return file_of([_track(*each) for each in zip((self._title, *names), (signs, *parts), strict=True)], PPQ)


def _part_repeats(parts: Sequence[_Timed]) -> None:
    """End notes a tick early that another track strikes again at once: programs may play that track first."""
    struck = {
        (tick, message.data[:2]): number
        for number, part in enumerate(parts)
        for tick, message in part
        if message.type == "note_on"
    }
    for number, part in enumerate(parts):
        for index, (tick, message) in enumerate(part):
            if message.type == "note_off":
                strike = bytes((0x90 | message.channel, message.note))
                if struck.get((tick, strike), number) != number:
                    part[index] = (tick - 1, message)


def _track(name: str, messages: _Timed) -> Track:
    track = Track(name)
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        track.add(tick, message)
    return track


class Track:
    """A track that is written message by message, in the order of their ticks; it takes no more room than in a file."""

    def __init__(self, name: str) -> None:
        """name: what programs show it by; '' for none yet."""
        self.name = name
        self.is_empty = True
        self._data = bytearray()
        self._tick = 0

    def add(self, tick: int, message: Message) -> None:
        """Add a message; the ticks are the file's."""
        self._data += variable(tick - self._tick) + message.data
        self._tick = tick
        self.is_empty = False

    def __bytes__(self) -> bytes:
        name = b"\0" + meta(_TRACK_NAME, self.name.encode("utf-8", "replace")).data
        return b"MTrk" + (len(name) + len(self._data) + len(_END)).to_bytes(4) + name + self._data + _END


def file_of(tracks: Sequence[Track], ppq: int) -> bytes:
    """Return a .mid of format 1. ppq: ticks a quarter note."""
    return b"MThd" + struct.pack(">LHHH", 6, 1, len(tracks), ppq) + b"".join(map(bytes, tracks))
