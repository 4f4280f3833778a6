"""Write a score as MusicXML 4.0, partwise (https://www.w3.org/2021/06/musicxml40/).

Law: durations are exact, in ticks; what no single note can show is written as tied ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bachd.music.event import TICKS
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
_BASS: Final = 57
"""MIDI number below which the middle of a voice has it written in the bass clef: A3."""


def write(score: Score, title: str, *, creator: str = "") -> bytes:
    """Return the text of a file. title: above the music. creator: who or what has composed it."""
    root = Element("score-partwise", version="4.0")
    SubElement(SubElement(root, "work"), "work-title").text = _plain(title)
    identification = SubElement(root, "identification")
    if creator:
        SubElement(identification, "creator", type="composer").text = _plain(creator)
    SubElement(SubElement(identification, "encoding"), "software").text = "bachd"
    parts = SubElement(root, "part-list")
    for number, name in enumerate(score.names, 1):
        listed = SubElement(parts, "score-part", id=f"P{number}")
        SubElement(listed, "part-name").text = name
    for voice in range(len(score.names)):
        part = SubElement(root, "part", id=f"P{voice + 1}")
        before: Bar | None = None
        for bar in score.bars:
            _measure(part, bar, before, voice, score.middles[voice])
            before = bar
        if before is not None:
            barline = SubElement(part[-1], "barline", location="right")
            SubElement(barline, "bar-style").text = "light-heavy"
    ElementTree.indent(root, " ")
    return (_DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


def _measure(part: Element, bar: Bar, before: Bar | None, voice: int, middle: int) -> None:
    implicit: dict[str, str] = {} if bar.is_full and bar.number else {"implicit": "yes"}
    measure = SubElement(part, "measure", {"number": str(bar.number), **implicit})
    _attributes(measure, bar, before, middle)
    if voice == 0:
        _directions(measure, bar)
    for number, layer in enumerate(bar.voices[voice], 1):
        if number > 1 and layer:
            SubElement(SubElement(measure, "backup"), "duration").text = str(bar.ticks)
        for chord in layer:
            for piece in _split(chord):
                _chord(measure, piece, number)


def _attributes(measure: Element, bar: Bar, before: Bar | None, middle: int) -> None:
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
        clef = SubElement(attributes, "clef")
        SubElement(clef, "sign").text = "F" if middle < _BASS else "G"
        SubElement(clef, "line").text = "4" if middle < _BASS else "2"
    if len(attributes):
        measure.append(attributes)


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


def _chord(measure: Element, chord: Chord, layer: int) -> None:
    if not chord.notes and layer > 1:
        SubElement(SubElement(measure, "forward"), "duration").text = str(chord.ticks)
        return
    if not chord.notes:
        note = SubElement(measure, "note")
        SubElement(note, "rest")
        _length(note, chord.ticks, layer, ())
    ties = [kind for kind, there in (("stop", chord.tied), ("start", chord.ties)) if there]
    for index, spelled in enumerate(chord.notes):
        note = SubElement(measure, "note")
        if index:
            SubElement(note, "chord")
        _pitch(note, spelled)
        _length(note, chord.ticks, layer, ties)
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


def _length(note: Element, ticks: int, layer: int, ties: Sequence[str]) -> None:
    kind, dots, triplet = (_VALUES | _TRIPLETS)[ticks]
    SubElement(note, "duration").text = str(ticks)
    for tie in ties:
        SubElement(note, "tie", type=tie)
    SubElement(note, "voice").text = str(layer)
    SubElement(note, "type").text = kind
    for _ in range(dots):
        SubElement(note, "dot")
    if triplet:
        modification = SubElement(note, "time-modification")
        SubElement(modification, "actual-notes").text = "3"
        SubElement(modification, "normal-notes").text = "2"


def _plain(text: str) -> str:
    """A text without what XML cannot hold."""
    kept = (sign for sign in text if sign.isprintable() and not 0xD800 <= ord(sign) <= 0xDFFF)
    return "".join(kept)
