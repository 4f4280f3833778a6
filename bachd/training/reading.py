"""One file of music as a row of plain data, whatever its kind.

Law: a file gives a row or the reason why not, never an error, so that one broken file among many costs only itself.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bachd.errors import BachdError
from bachd.music import keyboard, midifile, notes, smf
from bachd.music.event import TICKS
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note
from bachd.training import scores

MIDI: Final = (".mid", ".midi")
SCORES: Final = (".krn", ".musicxml", ".mxl", ".xml")
"""Endings of what music21 reads."""
_MOST_BYTES: Final = 1 << 24
"""Bytes of the largest score that is read: several times an opera."""

Row = dict[str, Any]
"""A piece, as JSON can hold it: see `row`; or a 'name' and why it is 'dropped'."""


def read(path: Path, name: str) -> Row:
    """The piece in a file, under the name it shall have."""
    try:
        if path.suffix.lower() in MIDI:
            return _midi(path.read_bytes()[: smf.MOST_BYTES + 1], name)
        return _score(path, name)
    except BachdError as fault:
        return {"name": name, "dropped": str(fault).removeprefix(f"{name}: ")}
    except Exception as fault:  # noqa: BLE001  whatever one broken file raises, the others are still wanted
        return {"name": name, "dropped": f"cannot be read: {' '.join(repr(fault).split())[:200]}"}


def row(name: str, lines: list[list[Note]], grid: Grid, **told: Any) -> Row:
    """The notes of some lines as data: events, bars, the melody of each line, and what else is told about it."""
    events = notes.cut(note for line in lines for note in line)
    return {
        "name": name,
        "events": [[event.starts, event.held, event.ticks] for event in events],
        "changes": [[tick, metre.beats, metre.unit] for tick, metre in grid.changes],
        "upbeat": grid.upbeat,
        "melodies": [_melody(line) for line in lines],
        **told,
    }


def _midi(data: bytes, name: str) -> Row:
    piece = midifile.read(data, name)
    file = smf.parse(data)
    lines = _lines(file) if file.ppq else [list(notes.join(piece.events))]
    return row(name, lines, piece.grid, title="", credit=_credit(file))


def _lines(file: smf.File) -> list[list[Note]]:
    """The notes of each track and channel, from the first one on."""
    played = [timed for timed in file.messages if timed.message.type in ("note_on", "note_off", "control_change")]
    places = sorted({(timed.track, timed.message.channel) for timed in played if timed.message.type == "note_on"})
    lines = []
    for track, channel in places:
        # A pedal is heard in all tracks of its channel.
        own = tuple(
            timed
            for timed in played
            if timed.message.channel == channel and (timed.track == track or timed.message.type == "control_change")
        )
        ends = smf.File(file.ppq, file.rate, own)
        lines.append([(start, max(end, start + 1), pitch) for start, end, pitch in keyboard.heard(ends)])
    first = min(start for line in lines for start, _, _ in line)
    scale = TICKS / file.ppq
    return [
        [
            Note(begin := round((start - first) * scale), max(begin + 1, round((end - first) * scale)), pitch)
            for start, end, pitch in line
        ]
        for line in lines
        if line
    ]


def _credit(file: smf.File) -> str:
    """What a file says of its origin: its copyright notices, and what was changed."""
    texts = [
        timed.message.text
        for timed in file.messages
        if timed.message.type == "copyright" or (timed.message.type == "text" and timed.message.text.startswith("Chan"))
    ]
    return "; ".join(" ".join(text.split()) for text in dict.fromkeys(texts))


def _score(path: Path, name: str) -> Row:
    from music21 import converter, stream

    if path.stat().st_size > _MOST_BYTES:
        return {"name": name, "dropped": f"has more than the {_MOST_BYTES} bytes of a long score"}
    score = converter.parse(str(path), forceSource=True)
    if not isinstance(score, stream.Score):
        return {"name": name, "dropped": "holds no single score"}
    parts = list(score.getElementsByClass(stream.Part))
    lines = [found for part in parts if (found := scores.part_notes(part)[0])]
    if not lines:
        return {"name": name, "dropped": "holds no notes"}
    changes, upbeat = scores.bars(parts[0])
    grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in changes), upbeat)
    credit = score.metadata.copyright if score.metadata and score.metadata.copyright else ""
    return row(name, lines, grid, title=scores.title(score), credit=" ".join(str(credit).split()))


def _melody(line: list[Note]) -> list[int]:
    """The highest pitch at each onset."""
    onsets = groupby(sorted(line), key=lambda note: note.start)
    return [max(note.pitch for note in chord) for _, chord in onsets]
