"""Write a score as MusicXML 4.0, partwise (https://www.w3.org/2021/06/musicxml40/).

Law: durations are exact, in ticks; what no single note can show is written as tied ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bachd.music.event import TICKS
from bachd.music.notation.beams import Mark, beams, group
from bachd.music.notation.score import Bar, Chord, Score
from bachd.music.notation.spelling import Spelled, signature

_DOCTYPE: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
# By ticks: the type of a note, its dots, and whether three are played in the time of two.
_VALUES: Final = {
    96: ("whole", 0, False),
    72: ("half", 1, False),
    48: ("half", 0, False),
    36: ("quarter", 1, False),
    24: ("quarter", 0, False),
    18: ("eighth", 1, False),
    12: ("eighth", 0, False),
    9: ("16th", 1, False),
    6: ("16th", 0, False),
    3: ("32nd", 0, False),
}
_TRIPLETS: Final = {
    32: ("half", 0, True),
    16: ("quarter", 0, True),
    8: ("eighth", 0, True),
    4: ("16th", 0, True),
    2: ("32nd", 0, True),
    1: ("64th", 0, True),
}
_FLAGS: Final = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
_BASS: Final = 57
"""MIDI number below which the middle of a voice has it written in the bass clef: A3."""


def write(score: Score, title: str, *, creator: str = "", ends: bool = True) -> bytes:
    """Return the text of a file. creator: who or what has composed it. ends: whether a final bar line follows."""
    root = Element("score-partwise", version="4.0")
    SubElement(SubElement(root, "work"), "work-title").text = _plain(title)
    identification = SubElement(root, "identification")
    if creator:
        SubElement(identification, "creator", type="composer").text = _plain(creator)
    SubElement(SubElement(identification, "encoding"), "software").text = "bachd"
    listed, parts = SubElement(root, "part-list"), _parts(score)
    for number, part in enumerate(parts, 1):
        SubElement(SubElement(listed, "score-part", id=f"P{number}"), "part-name").text = part.name
    for number, part in enumerate(parts, 1):
        element = SubElement(root, "part", id=f"P{number}")
        before: Bar | None = None
        for bar in score.bars:
            measure = _measure(element, bar, before, part)
            if number == 1:
                _directions(measure, bar)
            _music(measure, bar, part)
            before = bar
        if before is not None and ends:
            barline = SubElement(element[-1], "barline", location="right")
            SubElement(barline, "bar-style").text = "light-heavy"
    ElementTree.indent(root, " ")
    return (_DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


@dataclass(frozen=True, slots=True)
class _Part:
    """What one player has: some voices on one staff or two."""

    name: str
    voices: tuple[int, ...]
    staves: tuple[int, ...]
    """Of each voice, counted from 1."""
    basses: tuple[bool, ...]
    """Of each staff, whether it has the bass clef."""


def _parts(score: Score) -> list[_Part]:
    """Two or three voices are on a grand staff, or on one if all are low; else each voice has a staff of its own."""
    low = [middle < _BASS for middle in score.middles]
    voices = tuple(range(len(low)))
    if not 2 <= len(low) <= 3:
        return [_Part(name, (voice,), (1,), (low[voice],)) for voice, name in enumerate(score.names)]
    if all(low):
        return [_Part("", voices, (1,) * len(low), (True,))]
    return [_Part("Keyboard", voices, (1, *(1 + bass for bass in low[1:-1]), 2), (False, True))]


def _measure(element: Element, bar: Bar, before: Bar | None, part: _Part) -> Element:
    implicit: dict[str, str] = {} if bar.is_full and bar.number else {"implicit": "yes"}
    measure = SubElement(element, "measure", {"number": str(bar.number), **implicit})
    _attributes(measure, bar, before, part)
    return measure


def _music(measure: Element, bar: Bar, part: _Part) -> None:
    """Write the notes of a part, one layer after another."""
    number = 0
    for voice, staff in zip(part.voices, part.staves, strict=True):
        for place, layer in enumerate(bar.voices[voice]):
            if place and not layer:
                continue
            number += 1
            if number > 1:
                SubElement(SubElement(measure, "backup"), "duration").text = str(bar.ticks)
            where = _Where(number, staff if len(part.basses) > 1 else None, rests=not place)
            row = [piece for chord in layer for piece in _split(chord)]
            for chord, marks in zip(row, _beams(row, bar), strict=True):
                _chord(measure, chord, where, marks)


def _beams(row: Sequence[Chord], bar: Bar) -> list[tuple[Mark, ...]]:
    """The marks of the beams of a layer."""
    upbeat = 0 if bar.number else bar.metre.bar - bar.ticks
    ends = list(accumulate((chord.ticks for chord in row), initial=upbeat))
    flags = [_FLAGS.get((_VALUES | _TRIPLETS)[chord.ticks][0], 0) if chord.notes else 0 for chord in row]
    return beams(flags, ends[:-1], group(bar.metre))


class _Where(NamedTuple):
    """Where a note is written."""

    layer: int
    """Counted from 1 in the part."""
    staff: int | None
    """Counted from 1; None where there is one alone."""
    rests: bool
    """Whether its rests are shown."""


def _attributes(measure: Element, bar: Bar, before: Bar | None, part: _Part) -> None:
    """Write what differs from the bar before."""
    attributes = Element("attributes")
    if before is None:
        SubElement(attributes, "divisions").text = str(TICKS)
    if before is None or before.key != bar.key:
        key = SubElement(attributes, "key")
        SubElement(key, "fifths").text = str(signature(bar.key))
        SubElement(key, "mode").text = "minor" if bar.key.minor else "major"
    if before is None or before.metre != bar.metre:
        time = SubElement(attributes, "time")
        SubElement(time, "beats").text = str(bar.metre.beats)
        SubElement(time, "beat-type").text = str(bar.metre.unit)
    if before is None:
        _clefs(attributes, part)
    if len(attributes):
        measure.append(attributes)


def _clefs(attributes: Element, part: _Part) -> None:
    if len(part.basses) > 1:
        SubElement(attributes, "staves").text = str(len(part.basses))
    for number, bass in enumerate(part.basses, 1):
        clef = SubElement(attributes, "clef", {"number": str(number)} if len(part.basses) > 1 else {})
        SubElement(clef, "sign").text = "F" if bass else "G"
        SubElement(clef, "line").text = "4" if bass else "2"


def _directions(measure: Element, bar: Bar) -> None:
    if bar.opens:
        direction = SubElement(measure, "direction", placement="above")
        SubElement(SubElement(direction, "direction-type"), "words").text = _plain(bar.opens)
    if bar.bpm is not None:
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
        SubElement(metronome, "beat-unit").text = "quarter"
        SubElement(metronome, "per-minute").text = f"{bar.bpm:g}"
        SubElement(direction, "sound", tempo=f"{bar.bpm:g}")


def _split(chord: Chord) -> Iterator[Chord]:
    """Yield what single notes can show, tied to each other."""
    lengths = list(lengths_of(chord.ticks))
    for index, ticks in enumerate(lengths):
        yield Chord(chord.notes, ticks, chord.tied or index > 0, chord.ties or index < len(lengths) - 1)


def lengths_of(ticks: int) -> Iterator[int]:
    """Yield ticks that a note can have, which make so many together, the longest first."""
    while ticks:
        values = _VALUES if ticks % 3 == 0 else _VALUES | _TRIPLETS
        length = ticks if ticks in values else next(each for each in sorted(values, reverse=True) if each <= ticks)
        yield length
        ticks -= length


def _chord(measure: Element, chord: Chord, where: _Where, marks: Sequence[Mark]) -> None:
    if not chord.notes and not where.rests:
        SubElement(SubElement(measure, "forward"), "duration").text = str(chord.ticks)
        return
    if not chord.notes:
        note = SubElement(measure, "note")
        SubElement(note, "rest")
        _length(note, chord.ticks, where, ())
    ties = [kind for kind, there in (("stop", chord.tied), ("start", chord.ties)) if there]
    for index, spelled in enumerate(chord.notes):
        note = SubElement(measure, "note")
        if index:
            SubElement(note, "chord")
        _pitch(note, spelled)
        _length(note, chord.ticks, where, ties)
        for level, mark in enumerate(marks if not index else (), 1):
            SubElement(note, "beam", number=str(level)).text = mark
        if ties:
            notations = SubElement(note, "notations")
            for kind in ties:
                SubElement(notations, "tied", type=kind)


def _pitch(note: Element, spelled: Spelled) -> None:
    pitch = SubElement(note, "pitch")
    SubElement(pitch, "step").text = spelled.letter
    if spelled.alteration:
        SubElement(pitch, "alter").text = str(spelled.alteration)
    SubElement(pitch, "octave").text = str(spelled.octave)


def _length(note: Element, ticks: int, where: _Where, ties: Sequence[str]) -> None:
    kind, dots, triplet = (_VALUES | _TRIPLETS)[ticks]
    SubElement(note, "duration").text = str(ticks)
    for tie in ties:
        SubElement(note, "tie", type=tie)
    SubElement(note, "voice").text = str(where.layer)
    SubElement(note, "type").text = kind
    for _ in range(dots):
        SubElement(note, "dot")
    if triplet:
        modification = SubElement(note, "time-modification")
        SubElement(modification, "actual-notes").text = "3"
        SubElement(modification, "normal-notes").text = "2"
    if where.staff is not None:
        SubElement(note, "staff").text = str(where.staff)


def _plain(text: str) -> str:
    """A text without what XML cannot hold."""
    kept = (sign for sign in text if sign.isprintable() and not 0xD800 <= ord(sign) <= 0xDFFF)
    return "".join(kept)
