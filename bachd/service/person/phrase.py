"""Write down a phrase that somebody plays, as a piece that music can go on from.

Law: a note lasts a sixteenth at least, and what is still held when the phrase is taken ends with it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from bachd.midi.input.person import PersonEvent
from bachd.music.event import TICKS
from bachd.music.metre import COMMON_TIME, Grid
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece

NAME: Final = "you"
"""What a piece is called that a person plays."""
_SIXTEENTH: Final = TICKS // 4
_MOST: Final = 2000
"""Notes that are kept: the latest ones."""

_Key: TypeAlias = tuple[str, int, int]


class PhraseRecorder:
    """The notes of a phrase so far, in ticks."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._down: dict[_Key, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been played yet."""
        return not (self._notes or self._down)

    def clear(self) -> None:
        """Begin a new phrase; what is held belongs to the old one."""
        self._notes.clear()
        self._down.clear()

    def take(self, event: PersonEvent, tick: int) -> None:
        """Write down a note that begins or ends at `tick`."""
        message = event.message
        key = (event.source, message.channel, message.data[1])
        if message.type == "note_on":
            self._end(key, tick)
            self._down[key] = tick
        elif message.type == "note_off":
            self._end(key, tick)

    def piece(self, tick: int) -> Piece:
        """Return the phrase, until `tick`. There must be notes."""
        for key in tuple(self._down):
            self._end(key, tick)
        notes = sorted(self._notes)
        first = notes[0].start
        phase = first % COMMON_TIME.bar
        grid = Grid(((0, COMMON_TIME),), COMMON_TIME.bar - phase if phase else 0)
        moved = [Note(note.start - first, note.end - first, note.pitch) for note in notes]
        return Piece(NAME, cut(moved, max(tick - first, max(note.end for note in moved))), grid)

    def _end(self, key: _Key, tick: int) -> None:
        if (start := self._down.pop(key, None)) is not None:
            self._notes = [*self._notes, Note(start, max(tick, start + _SIXTEENTH), key[2])][-_MOST:]
