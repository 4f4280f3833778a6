"""Lay steps out as a score: bars with numbers, signatures, and what each voice has in each bar.

Law: a score has the notes, durations and bars of its steps, and nothing else; a note keeps one name until it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias

from bachd.music import keys
from bachd.music.keys import Key
from bachd.music.metre import Metre
from bachd.music.notation import voices
from bachd.music.notation.spelling import Spelled, spell_events
from bachd.music.notes import Note
from bachd.music.piece import Step

_MIDDLE_C: Final = 60


@dataclass(frozen=True, slots=True)
class Chord:
    """What a voice has at a time: a note, several that begin and end together, or a rest."""

    notes: tuple[Spelled, ...]
    ticks: int
    tied: bool = False
    """Whether it goes on from the chord before."""
    ties: bool = False
    """Whether it goes on in the chord after."""


Layer = list[Chord]
"""What a voice has in a bar, without a gap."""


@dataclass(slots=True)
class Bar:
    """A bar of all voices."""

    number: int
    """As scores count: 0 is an upbeat, 1 the first full bar of a piece."""
    start: int
    """Ticks from the beginning of the score."""
    ticks: int
    metre: Metre
    key: Key
    opens: str = ""
    """Name of the piece that begins here, if one does."""
    bpm: float | None = None
    """Quarter notes a minute, where that changes."""
    voices: list[list[Layer]] = field(default_factory=list)
    """Of each voice, a layer or several: more than one where notes overlap in it. Later ones may be empty."""

    @property
    def is_full(self) -> bool:
        """Whether it lasts as long as its metre wants."""
        return self.ticks == self.metre.bar


@dataclass(frozen=True, slots=True)
class Score:
    """Some music as it is written down."""

    names: tuple[str, ...]
    """Of the voices, from the top."""
    middles: tuple[int, ...]
    """The middle pitch of each voice, which decides its clef."""
    bars: tuple[Bar, ...]


Names: TypeAlias = Mapping[int, Spelled]
"""The names of what sounds in a step, by MIDI number."""


def score(steps: Sequence[Step], bpm: float | None = None, names: Sequence[Names] | None = None) -> Score:
    """Write steps down, one or several pieces.

    bpm: quarter notes a minute at the beginning. names: of what sounds in each step, if they are given already.
    """
    bars = _bars(steps)
    if bars:
        bars[0].bpm = bpm
    used = voices.count(step.event for step in steps)
    parts: list[list[tuple[Note, Spelled]]] = [[] for _ in range(used)]
    for note, name, voice in _notes(steps, used, names or _names(steps)):
        parts[voice].append((note, name))
    for part in parts:
        for bar in bars:
            bar.voices.append([])
        for layer in _layers(part):
            _fill(bars, layer)
    pitches = [sorted(note.pitch for note, _ in part) for part in parts]
    middles = tuple(each[len(each) // 2] if each else _MIDDLE_C for each in pitches)
    return Score(voices.names(used), middles, tuple(bars))


@dataclass(slots=True)
class _Sound:
    """Notes of one voice that begin and end together."""

    start: int
    end: int
    notes: list[Spelled]


def _layers(part: Sequence[tuple[Note, Spelled]]) -> list[list[_Sound]]:
    """Spread the notes of a voice over as few layers as have no overlaps."""
    layers: list[list[_Sound]] = [[]]
    for note, name in sorted(part, key=lambda each: (each[0].start, -each[0].end, each[0].pitch)):
        for layer in layers:
            last = layer[-1] if layer else None
            if last is not None and (last.start, last.end) == (note.start, note.end):
                last.notes.append(name)
                break
            if last is None or last.end <= note.start:
                layer.append(_Sound(note.start, note.end, [name]))
                break
        else:
            layers.append([_Sound(note.start, note.end, [name])])
    return layers


def _bars(steps: Sequence[Step]) -> list[Bar]:
    """The bars of some steps, still empty."""
    bars: list[Bar] = []
    tick = 0
    key = next((step.key for step in steps if step.key), None) or keys.home([step.event for step in steps])
    for step in steps:
        key = step.key or key
        left = step.event.ticks
        phase, number = step.place.phase, step.bar_number
        while left:
            if not bars or phase == 0 or (step.opens and left == step.event.ticks):
                opens = step.piece if step.opens and left == step.event.ticks else ""
                bars.append(Bar(number, tick, 0, step.place.metre, key, opens))
            taken = min(left, step.place.metre.bar - phase)
            bars[-1].ticks += taken
            tick, left = tick + taken, left - taken
            phase, number = 0, number + 1
    return bars


def _names(steps: Sequence[Step]) -> Iterator[Names]:
    """The names of what sounds in each step, as the key of its piece has them."""
    for _, group in groupby(_with_piece(steps), key=attrgetter("number")):
        row = [each.step for each in group]
        events = [step.event for step in row]
        yield from spell_events(events, next((step.key for step in row if step.key), None) or keys.home(events))


def _notes(steps: Sequence[Step], used: int, names: Iterable[Names]) -> Iterator[tuple[Note, Spelled, int]]:
    """Each note of the steps with its name and voice."""
    tracker = voices.Voices(used)
    open_notes: dict[int, tuple[int, Spelled, int]] = {}  # pitch -> start, name, voice
    tick = 0
    for step, spelled in zip(steps, names, strict=True):
        event = step.event
        for pitch in [pitch for pitch in open_notes if pitch not in event.held]:
            start, name, voice = open_notes.pop(pitch)
            yield Note(start, tick, pitch), name, voice
        found = tracker.assign(event)
        for pitch in event.sounding:
            open_notes.setdefault(pitch, (tick, spelled[pitch], found[pitch]))
        tick += event.ticks
    for pitch, (start, name, voice) in open_notes.items():
        yield Note(start, tick, pitch), name, voice


@dataclass(frozen=True, slots=True)
class _Numbered:
    step: Step
    number: int


def _with_piece(steps: Sequence[Step]) -> Iterator[_Numbered]:
    number = 0
    for step in steps:
        number += step.opens
        yield _Numbered(step, number)


def _fill(bars: Sequence[Bar], layer: Sequence[_Sound]) -> None:
    """Put one layer of the last voice into the bars, with rests where it is silent."""
    index = 0
    for bar in bars:
        tick, end = bar.start, bar.start + bar.ticks
        chords: Layer = []
        while index < len(layer) and layer[index].start < end:
            sound = layer[index]
            if sound.start > tick:
                chords.append(Chord((), sound.start - tick))
                tick = sound.start
            until = min(end, sound.end)
            chords.append(Chord(tuple(sound.notes), until - tick, sound.start < tick, sound.end > until))
            tick = until
            if sound.end > end:
                break
            index += 1
        if tick < end and (chords or not bar.voices[-1]):
            chords.append(Chord((), end - tick))
        bar.voices[-1].append(chords)
