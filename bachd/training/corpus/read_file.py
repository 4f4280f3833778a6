"""Read one file of music, whatever its kind, as a row of plain data.

Law: a file gives a row or the reason why not, never an error, so that one broken file among many costs only itself.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bachd.errors import BachdError
from bachd.music import midifile, notes, smf, sounding_notes
from bachd.music.event import TICKS
from bachd.music.metre import Grid
from bachd.music.notes import Note
from bachd.training.corpus import limits, music21_scores
from bachd.training.corpus import upbeat as upbeats
from bachd.training.corpus.cleanup import TimedNote, quantise

MIDI: Final = smf.ENDINGS
SCORES: Final = (".krn", ".musicxml", ".mxl", ".xml")
"""Endings of what music21 reads."""
_MOST_BYTES: Final = 1 << 24
"""Bytes of the largest score that is read: several times an opera."""
_MOST_MIDI_BYTES: Final = 1 << 22
"""Bytes of the largest .mid file: a performance has a few hundred thousand, with all its pedal and controllers."""
_NOT_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_OF_ORIGIN: Final = re.compile(
    r"^changed\b|copyright|\(c\)|\u00a9|licen[cs]e|public domain|creative commons|\bcc[ -](by|0)|all rights reserved",
    re.I,
)
"""What a text that says something of the origin holds."""
_LONGEST_CREDIT: Final = 500

Row = dict[str, Any]
"""A piece, as JSON can hold it: see `row`; or a 'name' and why it is 'dropped'."""


def read(path: Path, name: str) -> Row:
    """Read the piece in a file and name it `name`."""
    try:
        with limits.bounded():
            if path.suffix.lower() in MIDI:
                with path.open("rb") as file:
                    return _midi(file.read(_MOST_MIDI_BYTES + 1), name)  # one byte too many is told as such
            return _score(path, name)
    except limits.TooLongError:
        return {"name": name, "dropped": f"takes more than {limits.SECONDS:.0f} seconds to read"}
    except BachdError as fault:
        return {"name": name, "dropped": str(fault).removeprefix(f"{name}: ")}
    except Exception as fault:  # noqa: BLE001  whatever one broken file raises, the others are still wanted
        return {"name": name, "dropped": f"cannot be read: {' '.join(repr(fault).split())[:200]}"}


def row(name: str, lines: list[list[Note]], grid: Grid, **told: Any) -> Row:
    """Return the notes of some lines as data: events, bars, the melody of each line, and what `told` adds."""
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
    try:
        file = smf.parse(data, _MOST_MIDI_BYTES)
    except ValueError as fault:
        return {"name": name, "dropped": str(fault)}
    piece = midifile.to_piece(file, name, _MOST_MIDI_BYTES)
    if file.ppq:
        lines, touched = quantise(_lines(file))
    else:  # ticks are parts of a second, and of lines nothing is known any more
        lines, touched = quantise([[TimedNote(note.start, note.end, note.pitch) for note in notes.join(piece.events)]])
    first = min(note.start for line in lines for note in line)
    lines = [[Note(note.start - first, note.end - first, note.pitch) for note in line] for line in lines]
    grid, changed = _from(piece.grid, first), asdict(touched) | {"damaged": int(bool(file.faults))}
    if len(grid.changes) == 1 and not grid.upbeat:  # an upbeat, or a second metre, and the file counts its bars itself
        grid = upbeats.find_grid(notes.cut(note for line in lines for note in line), grid.changes[0][1])
        changed |= {"upbeat": int(grid.upbeat > 0), "shift": len(grid.changes) - 1}
    return row(name, lines, grid, title="", credit=_credit(file), touched=changed)


def _from(grid: Grid, first: int) -> Grid:
    """Return the bars of a piece that begins at a later tick: with its first note, not with a grace note before it."""
    place = grid.place(first)
    later = [(tick - first, metre) for tick, metre in grid.changes if tick > first]
    return Grid(((0, place.metre), *later), -place.phase % place.metre.bar)


def _lines(file: smf.File) -> list[list[TimedNote]]:
    """Return the notes of each track and channel in exact ticks from the first one on; none if time is in seconds."""
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
        lines.append(list(sounding_notes.heard(smf.File(file.ppq, file.rate, own))))
    first = min(sound.start for line in lines for sound in line)
    scale = TICKS / file.ppq
    return [
        [
            TimedNote(
                begin := (sound.start - first) * scale, max(begin + 1 / 4, (sound.end - first) * scale), sound.pitch
            )
            for sound in line
        ]
        for line in lines
    ]


def _credit(file: smf.File) -> str:
    """Return the origin that a file names: its copyright notices, and texts that name a licence or changes."""
    texts = [
        message.text
        for _, _, message in file.messages
        if message.type == "copyright" or (message.type == "text" and _OF_ORIGIN.search(message.text))
    ]
    return "; ".join(dict.fromkeys(filter(None, map(_one_line, texts))))


def _one_line(text: str) -> str:
    return " ".join(_NOT_A_LINE.sub(" ", text).split())[:_LONGEST_CREDIT]


def _score(path: Path, name: str) -> Row:
    from music21 import stream

    if path.stat().st_size > _MOST_BYTES:
        return {"name": name, "dropped": f"has more than the {_MOST_BYTES} bytes of a long score"}
    with _complaints() as complaints:
        score = music21_scores.parse(path)
        if not isinstance(score, stream.Score):
            return {"name": name, "dropped": "holds no single score"}
        parts = list(score.getElementsByClass(stream.Part))
        lines = [found for part in parts if (found := music21_scores.part_notes(part)[0])]
    if not lines:
        return {"name": name, "dropped": "holds no notes"}
    if (end := max(note.end for line in lines for note in line)) > midifile.LONGEST:
        return {"name": name, "dropped": f"its {end // TICKS} quarter notes last for more than a day"}
    credit = score.metadata.copyright if score.metadata and score.metadata.copyright else ""
    if path.suffix.lower() == ".krn":  # of which music21 knows the copyright of what was encoded
        credit = music21_scores.humdrum_credit(path)
    return row(
        name,
        lines,
        music21_scores.grid(parts[0]),
        title=music21_scores.title(score),
        credit=_one_line(str(credit)),
        touched={"unclear": int(bool(complaints))},
    )


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what music21 warns of, which would be lines among those of other files and name none."""
    said: list[str] = []
    with redirect_stderr(io.StringIO()) as printed, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield said
    of_music = [str(warning.message) for warning in warned if not issubclass(warning.category, DeprecationWarning)]
    said += of_music + printed.getvalue().splitlines()


def _melody(line: list[Note]) -> list[int]:
    """Return the highest pitch at each onset."""
    onsets = groupby(sorted(line), key=lambda note: note.start)
    return [max(note.pitch for note in chord) for _, chord in onsets]
