"""Read scores with music21: notes in whole ticks, and bars.

Law: a score gives the notes that sound, in concert pitch, each bar once and with its last ending; ornaments and grace
notes have no length in a score, and so do not sound. No pickle is read or written: music21 would share them in /tmp
with everybody, and to load one is to run it.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bachd.music.event import TICKS
from bachd.music.metre import COMMON_TIME, Grid, Metre
from bachd.music.midifile import LONGEST_BAR
from bachd.music.notes import Note
from bachd.training.corpus.cache import cache_folder

_LABEL: Final = re.compile(r"\*>(\w+)$")
_EXPANSION: Final = re.compile(r"\*>(norep)?\[([\w,]*)\]$")
"""Of Humdrum: a section's name, and the row in which sections are played; `norep` is that without repeats."""
_ORIGIN: Final = {"YEC": "{}", "YEM": "{}", "ENC": "Encoded by {}", "EED": "Edited by {}"}
"""What a credit says of each of Humdrum's reference records of the electronic edition: its copyright, the copyright
message, who encoded and who edited it."""
_RECORD: Final = re.compile(r"^!!!(YEC|YEM|ENC|EED)(?:-[^:\n]*)?:[^\S\n]*(\S.*)$", re.MULTILINE)
_FIFTHS: Final = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
"""Fifths above C of the natural notes."""


def parse(path: Path) -> Any:
    """Parse a file into a music21 score that sounds as written here above. Raises whatever music21 does."""
    from music21 import converter, environment, stream

    scratch = cache_folder() / "music21"  # of this user alone
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.chmod(0o700)
    environment.Environment()["directoryScratch"] = str(scratch)
    reader = converter.Converter()
    text = _krn_text(path) if path.suffix.lower() == ".krn" else ""
    if text:
        reader.parseData(text, format="humdrum")
    else:
        reader.parseFileNoPickle(path)
    score = reader.stream
    if isinstance(score, stream.Score):
        _remove_first_endings(list(score.getElementsByClass(stream.Part)))
        if path.suffix.lower() != ".krn":  # Humdrum is in sounding pitch, whatever *ITr says of how to write it
            score.toSoundingPitch(inPlace=True)
    return score


def humdrum_credit(path: Path) -> str:
    """Return what the reference records of a Humdrum file say of its origin: copyright, licence, encoder, editor."""
    found = [_ORIGIN[record[1]].format(record[2].strip()) for record in _RECORD.finditer(_decoded(path))]
    return "; ".join(dict.fromkeys(found))


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _krn_text(path: Path) -> str:
    """The text of a Humdrum file without the sections that are first endings; '' if it has none."""
    text = _decoded(path)
    firsts = [line.split("\t", 1)[0] for line in text.splitlines()]
    labels = {found[1] for first in firsts if (found := _LABEL.match(first))}
    rows = {found[1] or "": found[2].split(",") for first in firsts if (found := _EXPANSION.match(first))}
    if not rows:
        return ""
    norep = set(rows.get("norep", ())) - {""}
    dropped = labels - norep if norep else {label for label in labels if _is_first_ending(label, labels)}
    if not dropped:
        return ""
    kept, section = [], ""
    for line, first in zip(text.splitlines(), firsts, strict=True):
        if found := _LABEL.match(first):
            section = found[1]
        if section not in dropped or first in ("*-", "=="):
            kept.append(line)
    return "\n".join(kept) + "\n"


def _is_first_ending(label: str, labels: set[str]) -> bool:
    """Whether it is A1 beside A and A2: an ending that another one follows."""
    stem, number = label[:-1], label[-1]
    return stem in labels and number.isdecimal() and f"{stem}{int(number) + 1}" in labels


def _remove_first_endings(parts: list[Any]) -> None:
    """Take the bars out of all endings but the last of each repeat, in all parts alike."""
    measures = [list(part.getElementsByClass("Measure")) for part in parts]
    dropped: dict[int, set[int]] = {}  # by the number of bars in a part: for others their places mean nothing
    for part, own in zip(parts, measures, strict=True):
        places = {id(measure): place for place, measure in enumerate(own)}
        spans = [
            sorted(places[id(bar)] for bar in bracket.getSpannedElements() if id(bar) in places)
            for bracket in part.recurse().getElementsByClass("RepeatBracket")
        ]
        spans = sorted(span for span in spans if span)
        for span, after in pairwise(spans):
            if span[-1] + 1 == after[0]:  # another ending follows at once
                dropped.setdefault(len(own), set()).update(range(span[0], span[-1] + 1))
    for part, own in zip(parts, measures, strict=True):
        for place in sorted(dropped.get(len(own), ()), reverse=True):
            part.remove(own[place], shiftOffsets=True)


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


def names(part: Any) -> list[tuple[tuple[int, int], int]]:
    """The tick and the MIDI number of each note of a music21 part, with its name in fifths above C."""
    return [
        ((_ticks(item.offset), int(pitch.midi)), _FIFTHS[pitch.step] + 7 * int(pitch.alter))
        for item in part.stripTies().flatten().notes
        if _ticks(item.quarterLength)
        for pitch in item.pitches
    ]


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
    """Metre changes of a music21 part as (tick, beats, unit), and the ticks of its upbeat.

    A time signature that no `Metre` can hold, or whose bar is too long, is passed over.
    """
    measures = list(part.getElementsByClass("Measure"))
    changes: list[tuple[int, int, int]] = []
    for measure in measures:
        metre = _metre(measure.timeSignature)
        if metre is not None and (not changes or changes[-1][1:] != (metre.beats, metre.unit)):
            changes.append((_ticks(measure.offset), metre.beats, metre.unit))
    if not changes or changes[0][0] != 0:
        changes.insert(0, (0, COMMON_TIME.beats, COMMON_TIME.unit))
    bar = Metre(*changes[0][1:]).bar
    first = _ticks(measures[0].duration.quarterLength) if measures else bar
    return changes, first if first < bar else 0


def _metre(signature: Any) -> Metre | None:
    if signature is None:
        return None
    try:
        metre = Metre(int(signature.numerator), int(signature.denominator))
    except ValueError:
        return None
    return metre if metre.bar <= LONGEST_BAR else None


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
