"""Write what was played into a .mid of format 1: a track for tempo, metre and key, and one for each voice, by its name.

Law: the notes and their moments are those that were sent; the voice of a note is the one that a score would give it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
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
        signs: _Timed = [(0, meta(_TRACK_NAME, self._title.encode("utf-8", "replace")))]
        parts: list[_Timed] = [
            [(0, meta(_TRACK_NAME, name.encode()))] for name in (voices.names(used) if used > 1 else (self._title,))
        ]
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
        for tick, message in waiting:
            parts[channels.get(message.channel, 0)].insert(1, (tick, message))
        tracks = [_track(signs), *map(_track, parts)]
        return b"MThd" + struct.pack(">LHHH", 6, 1, len(tracks), TICKS * _SCALE) + b"".join(tracks)


def _track(messages: Iterable[tuple[int, Message]]) -> bytes:
    data, before = bytearray(), 0
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        data += variable(tick - before) + message.data
        before = tick
    data += _END
    return b"MTrk" + len(data).to_bytes(4) + data
