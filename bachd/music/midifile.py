"""Read and write pieces as .mid files: bytes in, bytes out.

Law: `read` turns any bytes into a piece or a SeedError of one line; a piece that `read` gave is written and read again
unchanged, if under the same name.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from contextlib import suppress
from itertools import accumulate, pairwise
from math import floor
from typing import Final

from bachd.errors import SeedError
from bachd.music import notes, smf, sounding_notes
from bachd.music.event import TICKS
from bachd.music.message import META, Message, meta, note_off, note_on, set_tempo, time_signature, variable
from bachd.music.metre import COMMON_TIME, Grid, Metre
from bachd.music.notes import Note
from bachd.music.performance import dynamics
from bachd.music.piece import Piece

_TRACK_NAME: Final = 0x03
_END_OF_TRACK: Final = 0x2F
PPQ: Final = 480
"""Ticks a quarter note in the files written here."""
LONGEST: Final = 24 * 60 * 100 * TICKS
"""Ticks of the longest piece that is read: a day at 100 quarters a minute. A damaged file can last for centuries."""
LONGEST_BAR: Final = 48 * TICKS
"""Ticks of the longest bar that is read: to compose or play a bar of 255 whole notes takes an hour."""

_USUAL_TEMPO: Final = 500_000
"""Microseconds a quarter note until a file tells another."""
_MOST_SOUNDING: Final = 8
"""Pitches in all events together, for each byte that a file may have: ten times what an orchestra needs."""
_NEAR: Final = 3
"""Ticks, a thirty-second note: a release off the grid that misses an onset by less than this is touch, not rhythm."""

_Scale = Callable[[int], float]
"""From a file's ticks to ours, which are not whole yet and count from the start of the file."""


def read(data: bytes, name: str) -> Piece:
    """Read the piece in a .mid file. Raises SeedError, its message opening with `name`, if there is none.

    Drums are left out, and the sustain pedal lengthens the notes that it holds. The piece begins with its first note:
    of the rest before that, what is no whole bar leaves an upbeat. Of a track that is damaged, the notes before the
    damage are read.
    """
    try:
        file = smf.parse(data)
    except ValueError as fault:
        raise SeedError(f"{name}: {fault}") from None
    return to_piece(file, name)


def to_piece(file: smf.File, name: str, most_bytes: int = smf.MOST_BYTES) -> Piece:
    """Turn a parsed file, which may have had `most_bytes`, into a piece. Raises SeedError as `read` does."""
    tempos = _tempos(file)
    scale = _scale(file, tempos)
    found = _quantise([(scale(start), scale(end), pitch) for start, end, pitch in sounding_notes.heard(file)])
    if not found:
        raise SeedError(f"{name}: {_why_no_notes(file)}")
    first = min(start for start, _, _ in found)
    length = max(end for _, end, _ in found) - first
    if length > LONGEST:
        raise SeedError(f"{name}: damaged, or its {length // TICKS} quarter notes really last for more than a day")
    if _sounding(found) > _MOST_SOUNDING * most_bytes:
        raise SeedError(f"{name}: too many notes sound together for too long; are their releases missing?")
    events = notes.cut(Note(start - first, end - first, pitch) for start, end, pitch in found)
    grid = _grid(_signatures(file, scale), first, length)
    told = [tempo for tick, tempo in tempos if _whole(scale(tick)) <= first]
    return Piece(name, events, grid, _bpm(told[-1]) if told else None)


def write(piece: Piece) -> bytes:
    """A .mid file of format 0 with the piece's notes, metres, tempo and name; a rest fills the bar before an upbeat."""
    grid = piece.grid
    opening = grid.changes[0][1].bar - grid.upbeat if grid.upbeat else 0
    signs = [(0, meta(_TRACK_NAME, piece.name.encode("utf-8", "replace")))]
    if piece.bpm is not None:
        signs.append((0, set_tempo(piece.bpm)))
    for tick, metre in grid.changes:
        if tick == 0 or tick < piece.ticks:
            signs.append((opening + tick if tick else 0, time_signature(metre.beats, metre.unit, metre.beat)))
    onsets = accumulate((event.ticks for event in piece.events), initial=0)
    loud = {tick: dynamics.velocities(*placed) for tick, placed in zip(onsets, piece.placed(), strict=False)}
    offs: list[tuple[int, Message]] = []
    ons: list[tuple[int, Message]] = []
    for note in notes.join(piece.events):
        velocity = loud[note.start].get(note.pitch, dynamics.SOFTEST)
        ons.append((opening + note.start, note_on(0, note.pitch, velocity)))
        offs.append((opening + note.end, note_off(0, note.pitch)))
    track, before, running = bytearray(), 0, META
    end = (opening + piece.ticks, meta(_END_OF_TRACK, b""))
    for tick, message in (*sorted([*signs, *offs, *ons], key=lambda timed: timed[0]), end):
        status = message.data[0]
        repeated = status == running != META  # a status is written once for several channel messages: running status
        track += variable((tick - before) * PPQ // TICKS) + message.data[repeated:]
        before, running = tick, status
    return b"MThd" + struct.pack(">LHHH", 6, 0, 1, PPQ) + b"MTrk" + len(track).to_bytes(4) + track


def _why_no_notes(file: smf.File) -> str:
    """Describe why nothing sounds in a file."""
    if file.faults:
        return file.faults[0]
    if any(message.type == "note_on" and message.velocity for _, _, message in file.messages):
        return "this file has no notes, drums aside"
    return "this file has no notes" if file.messages else "this file has no track"


def _sounding(found: list[tuple[int, int, int]]) -> int:
    """Number of pitches in all events together, to which their cost is proportional."""
    edges = sorted({tick for start, end, _ in found for tick in (start, end)})
    index = {tick: at for at, tick in enumerate(edges)}
    return sum(index[end] - index[start] for start, end, _ in found)


def _tempos(file: smf.File) -> list[tuple[int, int]]:
    """The file's ticks at which a tempo begins, with its microseconds a quarter note."""
    told = [(tick, message.tempo) for tick, _, message in file.messages if message.type == "set_tempo"]
    return [(tick, tempo) for tick, tempo in told if tempo]


def _scale(file: smf.File, tempos: list[tuple[int, int]]) -> _Scale:
    """Return the factor from the file's ticks to ours; from the tempo where they are parts of a second (SMPTE)."""
    if file.ppq:
        return lambda tick: tick * TICKS / file.ppq
    changes = [(0, _USUAL_TEMPO), *tempos]
    speeds = [TICKS * 1e6 / (tempo * file.rate) for _, tempo in changes]  # ticks of ours in one of the file's
    steps = ((after - tick) * speed for ((tick, _), (after, _)), speed in zip(pairwise(changes), speeds, strict=False))
    reached = list(accumulate(steps, initial=0.0))

    def scale(tick: int) -> float:
        index = bisect_right(changes, tick, key=lambda change: change[0]) - 1
        return reached[index] + (tick - changes[index][0]) * speeds[index]

    return scale


def _whole(ticks: float) -> int:
    """The nearest tick; the later one if two are as near."""
    return floor(ticks + 0.5)


def _quantise(sounds: list[tuple[float, float, int]]) -> list[tuple[int, int, int]]:
    """Starts, ends and pitches in whole ticks, none without a length.

    A release off the grid goes to an onset near it: the gaps and overlaps that touch leaves are no rests or chords.
    """
    onsets = sorted({_whole(start) for start, _, _ in sounds})
    found = []
    for start, end, pitch in sounds:
        first, last = _whole(start), _whole(end)
        if end != last:
            index = bisect_left(onsets, end)
            nearest = min(onsets[max(0, index - 1) : index + 1], key=lambda onset: (abs(onset - end), -onset))
            if nearest > first and abs(nearest - end) < max(_NEAR, (end - start) / 8):
                last = nearest
        found.append((first, max(last, first + 1), pitch))
    return found


def _signatures(file: smf.File, scale: _Scale) -> dict[int, Metre]:
    """The metre that begins at each tick of ours.

    A time signature whose bars are no whole ticks, or longer than LONGEST_BAR, is passed over.
    """
    found = {}
    for tick, _, message in file.messages:
        if message.type == "time_signature":
            with suppress(ValueError):
                metre = Metre(message.numerator, message.denominator)
                if metre.bar <= LONGEST_BAR:
                    found[_whole(scale(tick))] = metre
    return found


def _grid(signatures: dict[int, Metre], first: int, length: int) -> Grid:
    """The bars of the music that begins at tick `first` of the file and lasts for `length` ticks.

    What precedes the second metre is an upbeat if it is shorter than a bar of it: so notation programs write one.
    """
    whole = Grid(tuple(sorted(({0: COMMON_TIME} | signatures).items())))
    place = whole.place(first)
    changes = [(0, place.metre)]
    line = -place.phase
    for tick, metre in whole.changes:
        after = tick - first
        if 0 < after < length and (metre != changes[-1][1] or (after - line) % metre.bar):
            changes.append((after, metre))
            line = after
    upbeat = -place.phase % place.metre.bar
    opening = 0
    while opening + 1 < len(changes) and changes[opening + 1][0] < changes[opening + 1][1].bar:
        opening += 1
        upbeat = changes[opening][0]
    return Grid(((0, changes[opening][1]), *changes[opening + 1 :]), upbeat)


def _bpm(tempo: int) -> float:
    """Quarter notes a minute; with two decimals where these say the same tempo."""
    exact = 60e6 / tempo
    plain = round(exact, 2)
    return plain if round(60e6 / plain) == tempo else exact
