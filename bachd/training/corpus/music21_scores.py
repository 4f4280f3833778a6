"""What music21 reads out of a score.

Law: a score gives notes in whole ticks and the bars of its first part; ornaments and grace notes have no length in a
score, and so do not sound.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from bachd.music.event import TICKS
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note


def part_notes(part: Any) -> tuple[list[Note], list[int]]:
    """The notes of a music21 part, and its melody: the highest MIDI number at each onset."""
    notes: list[Note] = []
    melody: list[int] = []
    for item in part.stripTies().flatten().notes:
        start, end = _ticks(item.offset), _ticks(item.offset + item.quarterLength)
        if end > start and item.pitches:  # a chord symbol has no pitches
            notes += [Note(start, end, int(pitch.midi)) for pitch in item.pitches]
            melody.append(int(max(item.pitches).midi))
    return notes, melody


def fermatas(part: Any) -> list[int]:
    """The ticks at which the notes of a music21 part end that have a fermata."""
    from music21.expressions import Fermata

    return [
        _ticks(note.offset + note.quarterLength)
        for note in part.flatten().notes
        if any(isinstance(expression, Fermata) for expression in note.expressions)
    ]


def title(score: Any) -> str:
    """The title of a music21 score; '' if it has none but a file's name."""
    found = score.metadata.bestTitle if score.metadata and score.metadata.bestTitle else ""
    return "" if found.endswith((".mxl", ".xml", ".musicxml", ".krn")) else str(found)


def bars(part: Any) -> tuple[list[tuple[int, int, int]], int]:
    """Metre changes of a music21 part as (tick, beats, unit), and the ticks of its upbeat."""
    measures = list(part.getElementsByClass("Measure"))
    changes: list[tuple[int, int, int]] = []
    for measure in measures:
        signature = measure.timeSignature
        if signature is None:
            continue
        change = (_ticks(measure.offset), int(signature.numerator), int(signature.denominator))
        if not changes or changes[-1][1:] != change[1:]:
            changes.append(change)
    if not changes or changes[0][0] != 0:
        changes.insert(0, (0, 4, 4))
    bar = Metre(*changes[0][1:]).bar
    first = _ticks(measures[0].duration.quarterLength) if measures else bar
    return changes, first if first < bar else 0


def grid(part: Any) -> Grid:
    """The bars of a music21 part, also where they are not full, as around a repeat: there they begin anew."""
    changes, upbeat = bars(part)
    metres = {tick: Metre(beats, unit) for tick, beats, unit in changes}
    found = {0: metres[0]}
    metre, line = metres[0], upbeat
    for measure in part.getElementsByClass("Measure"):
        tick = _ticks(measure.offset)
        if tick > upbeat and (tick in metres or (tick - line) % metre.bar):
            metre, line = metres.get(tick, metre), tick
            found[tick] = metre
    return Grid(tuple(sorted(found.items())), upbeat)


def _ticks(quarters: float | Fraction) -> int:
    return round(quarters * TICKS)
